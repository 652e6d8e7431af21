# SPDX-License-Identifier: BSL-1.0
"""The closed forms, in the order of their keys in systems/<gpu>.<framework>.json. A form is listed here as "module:Class"."""

import importlib

listed = (
    "gemm:Gemm",
    "attention:PrefillAttention",
    "attention:DecodeAttention",
    "attention:EncoderAttention",
    "collective:AllReduce",
    "collective:Collectives",
    "mla:MlaBmm", "mla:MlaPrefill", "mla:MlaDecode", "moe:Moe",
    "sparse_attention:SparsePrefill", "sparse_attention:SparseDecode", "sparse_attention:CompressedPrefill", "sparse_attention:CompressedDecode",
    "sparse_attention:BlocksPrefill", "sparse_attention:BlocksDecode",
    "recurrent:GatedDelta", "recurrent:Kda", "recurrent:Mamba2", "elementwise:HyperConnections", "exchange:Exchange", "elementwise:Elementwise",
)

# Every key that a file may have, in this order: files written in parts (--ops) then differ in the lines of those parts alone.
ops = (
    "gemm", "prefill_attention", "decode_attention", "encoder_attention", "all_reduce", "collectives", "moe", "mla_prefill", "mla_decode", "mla_bmm",
    "dsa_prefill", "dsa_decode", "msa_prefill", "msa_decode", "compressed_prefill", "compressed_decode", "gated_delta", "kda", "mamba2",
    "hyper_connections", "moe_exchange", "elementwise",
)


def forms():
    """One object of each form, by the key of its op."""
    made = {}
    for entry in listed:
        module, name = entry.split(":")
        form = getattr(importlib.import_module(f"{__name__}.{module}"), name)()
        made[form.op] = form
    return made
