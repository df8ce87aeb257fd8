"""What batch queues are asked for: the examples of `experiments/queues/`, and files that cannot be meant."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tdaglass.parallel import QueueRequests, job_array, read_requests

QUEUES = Path(__file__).parents[2] / "experiments" / "queues"
DIRECTIVES = {
    "slurm": """\
#SBATCH --job-name=tdaglass-worker
#SBATCH --output=queue-logs/%x-%j.log
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=30613M
#SBATCH --time=04:00:00
#SBATCH --partition=standard
#SBATCH --account=glass
#SBATCH --constraint=avx512
""",
    "pbs": """\
#PBS -N tdaglass-worker
#PBS -j oe
#PBS -o queue-logs/
#PBS -q workq
#PBS -l select=1:ncpus=32:mem=30613mb
#PBS -l walltime=24:00:00
#PBS -A glass
#PBS -m n
""",
    "sge": """\
#$ -N tdaglass-worker
#$ -j y
#$ -o queue-logs/
#$ -q all.q
#$ -S /bin/bash
#$ -cwd
#$ -l h_rt=12:00:00
#$ -l mem_free=15355M
#$ -pe smp 8
#$ -P glass
""",
}
# Of the line that starts workers: they end a tenth of the wall time early, at most 22.5 minutes.
WORKERS = {
    "slurm": "--nthreads 1 --memory-limit 1.86GiB --nworkers 16 --nanny --death-timeout 60 "
    '--local-directory "$scratch" --lifetime 13050s --lifetime-stagger 450s --no-dashboard --interface ib0',
    "pbs": "--nthreads 1 --memory-limit 3.73GiB --nworkers 8 --nanny --death-timeout 60 "
    '--local-directory "$scratch" --lifetime 85050s --lifetime-stagger 450s --no-dashboard',
    "sge": "--nthreads 1 --memory-limit 1.86GiB --nworkers 8 --nanny --death-timeout 60 "
    '--local-directory "$scratch" --lifetime 41850s --lifetime-stagger 450s --no-dashboard',
}


def job(queue, requests):
    from tdaglass.parallel.dask_clusters import cluster_class, job_options

    options = job_options(queue, requests)
    return cluster_class(queue).job_cls("tcp://10.0.0.1:8786", name="worker-0", **options)


@pytest.mark.parametrize("queue", DIRECTIVES)
def test_jobs_of_workers_ask_for_what_the_example_says(queue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the folder of logs is made
    requests = read_requests(QUEUES / f"{queue}.toml")
    script = job(queue, requests).job_script()
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    head, _, body = script.partition("scratch=")
    assert head == f"#!/usr/bin/env bash\n\n{DIRECTIVES[queue]}"
    *lines, worker = body.strip().splitlines()
    assert worker.partition(" -m ")[2] == (
        f"distributed.cli.dask_worker tcp://10.0.0.1:8786 --name worker-0 {WORKERS[queue]}"
    )
    assert [line for line in lines if line in requests.setup] == list(requests.setup)
    assert ('cd "$PBS_O_WORKDIR"' in lines) == (queue == "pbs")
    assert f"export TDAGLASS_THREADS={requests.cores // requests.processes}" in lines
    assert "export DASK_DISTRIBUTED__WORKER__MEMORY__SPILL=False" in lines


@pytest.mark.parametrize(("queue", "index"), [
    ("slurm", "SLURM_ARRAY_TASK_ID"), ("pbs", "PBS_ARRAY_INDEX"), ("sge", "SGE_TASK_ID"),
])  # fmt: skip
def test_arrays_run_the_command_with_the_number_of_their_part(queue, index, tmp_path):
    requests = QueueRequests(setup=("here=found",), logs="folder")
    command = ["bash", "-c", 'echo "$here: $0 $@" $TDAGLASS_THREADS', "a word"]
    script = job_array(queue, command, 3, replace(requests, cores=4))
    array = {"slurm": "#SBATCH --array=1-3", "pbs": "#PBS -J 1-3", "sge": "#$ -t 1-3"}[queue]
    assert array in script.splitlines()
    environment = {index: "2", "here": "", "PBS_O_WORKDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = subprocess.run(
        ["bash"], input=script, text=True, capture_output=True, env=environment, check=True
    ).stdout
    assert said == "found: a word --part 2/3 4\n"


@pytest.mark.parametrize("queue", DIRECTIVES)
def test_jobs_of_workers_and_arrays_begin_with_the_same_lines(queue):
    requests = read_requests(QUEUES / f"{queue}.toml")
    of_array = set(job_array(queue, ["true"], 5, requests).splitlines())
    missing = [line for line in DIRECTIVES[queue].splitlines() if line not in of_array]
    assert all("worker" in line or "--output" in line for line in missing)


@pytest.mark.parametrize(("line", "said"), [
    ('partition = "short"', "expected only queue, account, .* got 'partition'"),
    ("cores = 0", "expected cores as a whole number from 1, got 0; try"),
    ('cores = "four"', "expected cores as a whole number from 1, got 'four'; try"),
    ("cores = 2\nworkers = 3", r"at most as many workers as cores \(2\) in a job, got 3; try"),
    ("least_jobs = 11", r"least_jobs of at most most_jobs \(10\), got 11; try"),
    ('memory_per_worker = "2"', "memory_per_worker as a number and MB, GB or TB, got '2'; try"),
    ('memory_per_worker = "100MB"', "memory_per_worker of 500MB or more, got '100MB'; try"),
    ('walltime = "4 hours"', "walltime as .*, got '4 hours'; try"),
    ('walltime = "00:61:00"', "walltime as .*, got '00:61:00'; try"),
    ('walltime = "00:00:30"', "walltime of a minute or more, got '00:00:30'; try"),
    ('setup = "module load gcc"', "setup as a list of lines, got 'module load gcc'; try"),
    ("queue = 3", "queue as text, got 3; try"),
    ("queue = short", r"expected lines such as .*line 1.*; try"),
])  # fmt: skip
def test_requests_that_cannot_be_meant_are_refused_in_a_sentence(line, said, tmp_path, unchecked):
    path = tmp_path / "queue.toml"
    path.write_text(line)
    with pytest.raises(ValueError, match=said) as error:
        read_requests(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(OSError, match=r"expected a file of requests.*try a copy"):
        read_requests("nowhere.toml")


def test_days_and_units_of_memory_are_what_they_say():
    requests = QueueRequests(walltime="1-02:03:04", memory_per_worker="1.5GiB", cores=4, workers=2)
    assert requests.seconds == 93784
    assert requests.bytes_per_worker == 3 * 2**29
    assert requests.threads == 2


@pytest.mark.parametrize("walltime", ["00:01:00", "01:00:00", "04:00:00", "7-00:00:00"])
def test_workers_end_before_the_queue_ends_them(walltime):
    requests = QueueRequests(walltime=walltime)
    lifetime, stagger = requests.lifetime
    assert 0.6 * requests.seconds < lifetime < lifetime + stagger <= requests.seconds - 10


def test_an_array_has_two_parts_or_more():
    with pytest.raises(ValueError, match="two parts or more, got 1; try"):
        job_array("slurm", ["true"], 1, QueueRequests())
