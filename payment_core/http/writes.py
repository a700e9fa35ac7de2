"""The routes that change something: each reads its key and body, and lets the desk carry the operation out."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request

from checks.card_numbers import holds_card_number
from payment_core.acquirer.tokens import TOKEN_BY_NAME
from payment_core.http import problems
from payment_core.http.bodies import decode_body, instance_of, read_body
from payment_core.payments.answers import Answer
from payment_core.payments.begin import Intent, Origin, intend_cancel, intend_capture, intend_payment, intend_refund
from payment_core.payments.desk import Desk
from payment_core.payments.idempotency import KEY_LENGTH_MAX, request_hash
from payment_core.payments.operations import Operation
from payment_core.payments.refusals import Refusal
from payment_core.payments.requests import CancelPayment, CapturePayment, CreatePayment, CreateRefund

T = TypeVar("T", bound=msgspec.Struct)
Endpoint = Callable[[Request], Awaitable[Answer]]

_KEY = re.compile(rf"[\x21-\x7e]{{1,{KEY_LENGTH_MAX}}}")


class Writes:
    """The four operations over HTTP."""

    def __init__(self, desk: Desk, origin: Origin) -> None:
        self._desk = desk
        self._origin = origin
        self.create_payment = self._endpoint(Operation.CREATE, CreatePayment, self._payment_intent)
        self.capture_payment = self._endpoint(Operation.CAPTURE, CapturePayment, intend_capture)
        self.cancel_payment = self._endpoint(
            Operation.CANCEL, CancelPayment, lambda payment_id, _body: intend_cancel(payment_id)
        )
        self.create_refund = self._endpoint(
            Operation.REFUND, CreateRefund, lambda _payment_id, body: intend_refund(body)
        )

    def _endpoint(
        self, operation: Operation, body_type: type[T], intend: Callable[[str, T], Intent | Answer]
    ) -> Endpoint:
        decoder = msgspec.json.Decoder(body_type)

        async def endpoint(request: Request) -> Answer:
            instance = instance_of(request)
            key = _read_key(request, instance)
            if isinstance(key, Answer):
                return key
            raw = await read_body(request)
            if isinstance(raw, Answer):
                return raw
            body = decode_body(raw, decoder, instance)
            if isinstance(body, Answer):
                return body
            target = request.path_params.get("payment_id", "")
            intent = intend(target, body)
            if isinstance(intent, Answer):
                return intent
            answer = await self._desk.perform(operation, key, request_hash(target, body), intent)
            return problems.refused(answer, instance) if isinstance(answer, Refusal) else answer

        return endpoint

    def _payment_intent(self, _target: str, body: CreatePayment) -> Intent | Answer:
        if body.payment_method not in TOKEN_BY_NAME:
            detail = f"is none of the sandbox tokens: {', '.join(TOKEN_BY_NAME)}"
            return problems.invalid_body("/v1/payments", "$.payment_method", detail)
        return intend_payment(body, self._origin)


def _read_key(request: Request, instance: str) -> str | Answer:
    key = request.headers.get("idempotency-key")
    if key is None or key == "":
        return problems.key_missing(instance)
    if _KEY.fullmatch(key) is None:
        return problems.key_invalid(instance)
    if holds_card_number(key):
        return problems.card_number_refused(instance)
    return key
