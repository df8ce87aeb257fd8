"""glass"""
