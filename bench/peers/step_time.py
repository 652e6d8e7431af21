# SPDX-License-Identifier: BSL-1.0
"""Times one step of the same models in costexpr and in its peer, aiconfigurator (PyPI aiconfigurator-core) in its roofline mode (SOL), on this machine.

usage: step_time.py [--venv DIR] [--points N]
Prints a table: nanoseconds per step, the median of several runs over points that are never repeated, prefill and decode. The peer's engine is the
compiled one and is called the cheapest way that it has, one point per call; costexpr is a loop in C++ over a model that was read at run time and
laid out once (bench/peers/step_time.cpp, compiled here with $CXX or c++). The peer is installed into a virtual environment of its own, by default
build/peers-venv beside the project's other build folders."""
import argparse, json, os, statistics, subprocess, sys, time, venv
from pathlib import Path

PEER = "aiconfigurator-core==0.12.0"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SYSTEM, BACKEND = "h200_sxm", "trtllm"
# name of the peer, name here, degrees
MODELS = [
    ("meta-llama/Meta-Llama-3.1-70B", "meta-llama/Llama-3.1-70B", dict(tp=8, ep=1)),
    ("Qwen/Qwen3-235B-A22B", "Qwen/Qwen3-235B-A22B", dict(tp=8, ep=8)),
    ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3", dict(tp=8, ep=8)),
    ("nvidia/Nemotron-H-56B-Base-8K", "nvidia/Nemotron-H-56B-Base-8K", dict(tp=8, ep=1)),
]
RUNS = 7


def enter(folder: Path) -> None:
    """Runs this script again inside a virtual environment that has the peer."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if subprocess.run([python, "-c", "import aiconfigurator_core"], capture_output=True).returncode != 0:
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
    os.execv(python, [str(python), *sys.argv, "--inside"])


def points(n: int):
    """Batch and context of `n` steps, the same for both sides (xorshift)."""
    x = 88172645463325252
    for _ in range(n):
        pair = []
        for below in (256, 16000):
            x ^= (x << 13) & (2**64 - 1)
            x ^= x >> 7
            x ^= (x << 17) & (2**64 - 1)
            pair.append(1 + x % below)
        yield tuple(pair)


def engine(name: str, tp: int, ep: int):
    """The peer's compiled engine of a model in roofline mode."""
    import aiconfigurator_core
    from aiconfigurator_core.sdk import engine as sdk, perf_database
    from aiconfigurator_core.sdk.config_builders import build_model_config
    from aiconfigurator_core.sdk.models import get_model

    version = perf_database.get_latest_database_version(SYSTEM, BACKEND)
    view = perf_database.get_database_view(SYSTEM, BACKEND, version, database_mode="SOL")
    model = get_model(name, build_model_config(tp_size=tp, pp_size=1, attention_dp_size=1, moe_tp_size=tp // ep, moe_ep_size=ep), BACKEND)
    spec = sdk.build_engine_spec_json(model, model_path=name, system=SYSTEM, backend=BACKEND, backend_version=version, kv_block_size=None, systems_path=None, nextn=0, database=view)
    return aiconfigurator_core.AicEngine.from_spec(bytes(aiconfigurator_core.engine_spec_bincode_from_json(spec)), None)


def peer(name: str, degrees: dict, n: int) -> dict:
    e = engine(name, **degrees)
    out = {}
    for phase, call in (("prefill", lambda b, s: e.predict_prefill_latency(b, s, 0)), ("decode", lambda b, s: e.predict_decode_latency(b, s, 2))):
        call(1, 100)
        empty, times = [], []
        for run in range(RUNS):
            each = list(points((run + 1) * n))[run * n:]
            start = time.perf_counter_ns()
            for b, s in each: call(b, s)
            times.append((time.perf_counter_ns() - start) / n)
            start = time.perf_counter_ns()
            for b, s in each: pass
            empty.append((time.perf_counter_ns() - start) / n)
        out[phase] = statistics.median(times) - statistics.median(empty)
    return out


def ours(n: int) -> dict:
    program = ROOT / "build" / "peers-step-time"
    program.parent.mkdir(exist_ok=True)
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-fno-math-errno", "-ffp-contract=off", "-I", ROOT / "include", HERE / "step_time.cpp", "-o", program], check=True)
    request = "".join(f"{name} {d['tp']} {d['ep']}\n" for _, name, d in MODELS)
    lines = subprocess.run([program, str(RUNS), str(n)], input=request, text=True, capture_output=True, check=True).stdout
    return {r["model"]: r for r in map(json.loads, lines.splitlines())}


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--venv", type=Path, default=ROOT / "build" / "peers-venv", help="virtual environment of the peer, made where it is not there")
    p.add_argument("--points", type=int, default=1000, help="steps per run")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    o = p.parse_args()
    if not o.inside: enter(o.venv)
    mine = ours(o.points)
    print(f"{'nanoseconds a step':34} {'phase':8} {'costexpr':>10} {PEER.split('==')[0]:>20} {'ratio':>7}")
    for name, here, degrees in MODELS:
        try:
            theirs = peer(name, degrees, o.points)
        except Exception as error:  # a model that this version refuses
            print(f"{here:34} the peer: {error}")
            continue
        for phase in ("prefill", "decode"):
            print(f"{here:34} {phase:8} {mine[here][phase]:10.1f} {theirs[phase]:20.1f} {theirs[phase] / mine[here][phase]:7.1f}")
    return 0


sys.exit(main())
