-- One payment a request, each with a key of its own; wrk runs it for bench/load.py.
local sent = 0

function init(_)
  math.randomseed(os.time())
  run = ""
  for _ = 1, 8 do run = run .. string.char(97 + math.random(0, 25)) end
  authorization = "Bearer " .. os.getenv("TILL_KEY")
end

function request()
  sent = sent + 1
  local body = string.format(
    '{"amount":{"amount_cents":%d,"currency":"USD"},"payment_method":"tok_visa","customer_id":"cus_%d","provider_id":"pro_%d"}',
    1000 + sent % 9000, sent % 1000003, sent % 97)
  return wrk.format("POST", "/v1/payments", {
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "k" .. sent,
    ["Authorization"] = authorization,
  }, body)
end
