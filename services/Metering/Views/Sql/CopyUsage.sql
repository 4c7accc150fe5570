copy usage_consumption (position, request_id, source, event_id, tenant, pool, entitlement, model, admitted, outcome,
    input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_micros, completed_at, end_lost, service_class, covered_tokens) from stdin (format binary)
