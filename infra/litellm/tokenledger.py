"""LiteLLM's proxy asks TokenLedger before each call and tells it what was used after.

In LiteLLM's configuration:  litellm_settings: { callbacks: tokenledger.ledger }
The inference key of a virtual key stands in its metadata as "tokenledger_key"; TOKENLEDGER_KEY is that of all others.
"""
import asyncio
import collections
import json
import logging
import os
import urllib.error
import urllib.request
import uuid

from fastapi import HTTPException
from litellm.integrations.custom_logger import CustomLogger

ADMISSION = os.environ.get("TOKENLEDGER_ADMISSION", "http://127.0.0.1:8081")
METERING = os.environ.get("TOKENLEDGER_METERING", "http://127.0.0.1:8082")
MOST_OPEN = 100_000
BYTES_PER_TOKEN = 4
TRIES = 60


def _ask(method, address, key, body=None, content_type="application/json"):
    request = urllib.request.Request(address, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", content_type)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refused:
        try:
            problem = json.loads(refused.read() or b"{}")
        except ValueError:
            problem = {}
        return refused.code, refused.headers, problem
    except OSError:
        return 503, {"Retry-After": "1"}, {"reason": "ledger-unavailable", "detail": "The ledger does not answer."}


class Ledger(CustomLogger):
    def __init__(self):
        super().__init__()
        # Keys stay here and out of LiteLLM's own metadata, which is logged. What never ends falls out at the other end.
        self._open = collections.OrderedDict()

    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        key = (getattr(user_api_key_dict, "metadata", None) or {}).get("tokenledger_key") or os.environ.get("TOKENLEDGER_KEY", "")
        request = str(uuid.uuid4())
        prompt = [data.get(name) for name in ("messages", "prompt", "input", "tools") if data.get(name)]
        asked = {"requestId": request, "inputTokens": -(-len(json.dumps(prompt, default=str).encode()) // BYTES_PER_TOKEN)}
        limit = data.get("max_completion_tokens") or data.get("max_tokens") or data.get("max_output_tokens")
        if limit:
            asked["maxOutputTokens"] = int(limit) * int(data.get("n") or 1)
        status, headers, answer = await asyncio.to_thread(_ask, "POST", ADMISSION + "/v1/admissions", key, asked)
        if status >= 300:
            raise HTTPException(status, detail={"error": answer.get("detail", "refused"), "code": answer.get("reason")}, headers={"Retry-After": headers["Retry-After"]} if headers.get("Retry-After") else None)
        data["metadata"] = {**(data.get("metadata") or {}), "tokenledger_request": request}
        self._open[request] = key
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return data

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        request = ((kwargs.get("litellm_params") or {}).get("metadata") or {}).get("tokenledger_request")
        key = self._open.pop(request, None)
        if key is None:
            return
        usage = getattr(response_obj, "usage", None)
        await self._tell("POST", METERING + "/v1/usage", key, {
            "specversion": "1.0", "type": "tokenledger.tokens-consumed.v1", "source": "litellm", "id": request, "subject": request,
            "data": {
                "inputTokens": getattr(usage, "prompt_tokens", None) or 0, "outputTokens": getattr(usage, "completion_tokens", None) or 0,
                "outcome": "completed", "startedAt": start_time.astimezone().isoformat(), "completedAt": end_time.astimezone().isoformat(),
            },
        })

    # Once for a request, after LiteLLM's own retries.
    async def async_post_call_failure_hook(self, request_data, original_exception, user_api_key_dict, traceback_str=None):
        request = (request_data.get("metadata") or {}).get("tokenledger_request")
        key = self._open.pop(request, None)
        if key is not None:
            await self._tell("DELETE", f"{ADMISSION}/v1/admissions/{request}", key)

    async def _tell(self, method, address, key, body=None):
        for attempt in range(TRIES):
            status, _, _ = await asyncio.to_thread(_ask, method, address, key, body, "application/cloudevents+json")
            if status < 500 and status not in (408, 429):
                break
            await asyncio.sleep(min(10, 0.1 * 2**attempt))
        if status >= 300 and not (method == "DELETE" and status in (404, 409)):
            logging.error("TokenLedger was not told (%s): %s %s %s", status, method, address, json.dumps(body))


ledger = Ledger()
