import Tokenization

/// The schemas of the OpenAPI document, as the JSON text that they are.
enum APISchemas {
    /// All schemas by name.
    static let all: TemplateValue = {
        do {
            return .object(
                try [errors, budgets, requests, answers, others].flatMap { text in
                    guard case .object(let members) = try JSONReader.read(Array(text.utf8)) else {
                        return [TemplateValue.Pair]()
                    }
                    return members
                })
        } catch {
            preconditionFailure("the schemas are no JSON: \(error)")
        }
    }()

    private static let errors = #"""
        {
        "Error": {"type": "object", "required": ["error"], "properties": {"error": {
          "type": "object", "required": ["message", "type", "param", "code"], "properties": {
            "message": {"type": "string"}, "type": {"type": "string"},
            "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]},
            "minimum": {"$ref": "#/components/schemas/Minimum"},
            "predicted_tokens": {"$ref": "#/components/schemas/Quantiles"}}}}},
        "TGIError": {"type": "object", "required": ["error", "error_type"], "properties": {
          "error": {"type": "string"}, "error_type": {"enum": ["validation", "overloaded",
            "generation", "incomplete_generation", "template_error"]}}},
        "OllamaError": {"type": "object", "required": ["error"], "properties": {
          "error": {"type": "string"}}},
        "ErrorOfEitherKind": {"anyOf": [{"$ref": "#/components/schemas/Error"},
          {"$ref": "#/components/schemas/TGIError"}]},
        "ErrorOfOllama": {"anyOf": [{"$ref": "#/components/schemas/OllamaError"},
          {"$ref": "#/components/schemas/Error"}]}
        }
        """#

    private static let budgets = #"""
        {
        "Effort": {"enum": ["none", "minimal", "low", "medium", "high", "xhigh", "max"]},
        "Budget": {"description": "Every number is a ceiling; all hold together.", "anyOf": [
          {"type": "integer", "minimum": 1}, {"$ref": "#/components/schemas/Effort"},
          {"type": "object", "additionalProperties": false, "properties": {
            "tokens": {"type": "integer", "minimum": 1},
            "reasoning_tokens": {"type": "integer", "minimum": -1},
            "answer_tokens": {"type": "integer", "minimum": 1},
            "cost": {"type": "number", "exclusiveMinimum": 0},
            "latency_ms": {"type": "integer", "minimum": 1},
            "effort": {"$ref": "#/components/schemas/Effort"},
            "on_exhausted": {"enum": ["answer", "stop", "reject"]}}}]},
        "BudgetReport": {"type": "object", "required": ["requested", "effective", "spent",
          "exhausted", "forced_close"], "properties": {
            "requested": {"type": "object"}, "effective": {"type": "object"},
            "route": {"type": "object"}, "spent": {"type": "object"},
            "exhausted": {"enum": [null, "reasoning", "tokens", "cost", "latency", "context"]},
            "forced_close": {"type": "boolean"}}},
        "Minimum": {"type": "object", "properties": {"tokens": {"type": ["integer", "null"]},
          "cost": {"type": ["number", "null"]}, "latency_ms": {"type": ["integer", "null"]}}},
        "Quantiles": {"type": "object", "properties": {"p50": {"type": "integer"},
          "p90": {"type": "integer"}, "p99": {"type": "integer"}}},
        "Alpha": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "Name": {"type": "string", "minLength": 1},
        "Stream": {"description": "Events, lines or text; each event's data is a JSON document."}
        }
        """#

    private static let requests = #"""
        {
        "Stops": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array",
          "maxItems": 16, "items": {"type": "string", "minLength": 1}}]},
        "Sampling": {"type": "object", "properties": {
          "model": {"type": "string"}, "alpha": {"type": "number", "minimum": 0},
          "policy": {"enum": ["route", "escalate"]},
          "budget": {"$ref": "#/components/schemas/Budget"},
          "temperature": {"type": "number", "minimum": 0, "maximum": 100},
          "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
          "top_k": {"type": "integer", "minimum": -1, "maximum": 2147483647},
          "min_p": {"type": "number", "minimum": 0, "maximum": 1},
          "repetition_penalty": {"type": "number", "minimum": 0.01, "maximum": 100},
          "presence_penalty": {"type": "number", "minimum": -2, "maximum": 2},
          "frequency_penalty": {"type": "number", "minimum": -2, "maximum": 2},
          "logit_bias": {"type": "object", "additionalProperties": {"type": "number",
            "minimum": -100, "maximum": 100}, "propertyNames": {"pattern": "^[0-9]{1,3}$"}},
          "seed": {"type": "integer"}, "stop": {"$ref": "#/components/schemas/Stops"},
          "stop_token_ids": {"type": "array", "maxItems": 128, "items":
            {"type": "integer", "minimum": 0, "maximum": 2147483647}},
          "ignore_eos": {"type": "boolean"}, "n": {"type": "integer", "minimum": 1, "maximum": 64},
          "stream": {"type": "boolean"}, "stream_options": {"type": "object", "properties": {
            "include_usage": {"type": "boolean"}, "continuous_usage_stats": {"type": "boolean"}}},
          "max_tokens": {"type": "integer", "minimum": 1},
          "max_completion_tokens": {"type": "integer", "minimum": 1},
          "thinking_token_budget": {"type": "integer", "minimum": -1},
          "reasoning_effort": {"$ref": "#/components/schemas/Effort"},
          "response_format": {"type": "object", "required": ["type"], "properties": {
            "type": {"enum": ["text", "json_object", "json_schema"]},
            "json_schema": {"type": "object", "required": ["schema"], "properties": {
              "name": {"type": "string"}, "strict": {"type": "boolean"},
              "schema": {"type": "object"}}}}}}},
        "Part": {"type": "object", "required": ["type", "text"], "properties": {
          "type": {"enum": ["text", "input_text", "output_text"]}, "text": {"type": "string"}}},
        "Message": {"type": "object", "required": ["role", "content"], "properties": {
          "role": {"enum": ["system", "developer", "user", "assistant"]},
          "content": {"anyOf": [{"type": "string"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}]},
          "reasoning": {"type": "string"}, "reasoning_content": {"type": "string"},
          "thinking": {"type": "string"}}},
        "Messages": {"type": "array", "minItems": 1, "items":
          {"$ref": "#/components/schemas/Message"}},
        "TokenIDs": {"type": "array", "items":
          {"type": "integer", "minimum": 0, "maximum": 2147483647}},
        "ChatRequest": {"allOf": [{"$ref": "#/components/schemas/Sampling"}, {"type": "object",
          "required": ["messages"], "properties": {
            "messages": {"$ref": "#/components/schemas/Messages"},
            "logprobs": {"type": "boolean"}, "top_logprobs": {"type": "integer", "minimum": 0,
              "maximum": 20}, "chat_template_kwargs": {"type": "object"}}}]},
        "CompletionRequest": {"allOf": [{"$ref": "#/components/schemas/Sampling"},
          {"type": "object", "required": ["prompt"], "properties": {
            "prompt": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/TokenIDs"},
              {"type": "array", "items": {"type": "string"}}, {"type": "array", "items":
                {"$ref": "#/components/schemas/TokenIDs"}}]},
            "echo": {"type": "boolean"},
            "logprobs": {"type": "integer", "minimum": 0, "maximum": 20}}}]},
        "GenerateRequest": {"anyOf": [{"$ref": "#/components/schemas/PromptRequest"},
          {"$ref": "#/components/schemas/ChatRequest"}, {"$ref": "#/components/schemas/TGIRequest"}]},
        "PromptRequest": {"allOf": [{"$ref": "#/components/schemas/Sampling"},
          {"type": "object", "required": ["prompt"], "properties": {
            "prompt": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/TokenIDs"}]},
            "raw": {"type": "boolean"}, "echo": {"type": "boolean"},
            "logprobs": {"type": ["boolean", "integer"]}}}]},
        "TGIRequest": {"type": "object", "required": ["inputs"], "properties": {
          "inputs": {"type": "string"}, "stream": {"type": "boolean"},
          "budget": {"$ref": "#/components/schemas/Budget"},
          "parameters": {"type": "object", "properties": {
            "max_new_tokens": {"type": "integer", "minimum": 1},
            "best_of": {"type": "integer", "minimum": 1, "maximum": 64},
            "do_sample": {"type": "boolean"}, "details": {"type": "boolean"},
            "decoder_input_details": {"type": "boolean"},
            "return_full_text": {"type": "boolean"},
            "temperature": {"type": "number", "minimum": 0, "maximum": 100},
            "top_k": {"type": "integer", "minimum": -1, "maximum": 2147483647},
            "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "top_n_tokens": {"type": "integer", "minimum": 0, "maximum": 20},
            "truncate": {"type": "integer", "minimum": 1}, "seed": {"type": "integer"},
            "stop": {"$ref": "#/components/schemas/Stops"},
            "repetition_penalty": {"type": "number", "minimum": 0.01, "maximum": 100},
            "grammar": {"type": "object", "required": ["type", "value"], "properties": {
              "type": {"enum": ["json", "json_schema"]}, "value": {"type": "object"}}}}}}},
        "ResponsesRequest": {"type": "object", "required": ["input"], "properties": {
          "model": {"type": "string"}, "budget": {"$ref": "#/components/schemas/Budget"},
          "input": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Messages"}]},
          "instructions": {"type": "string"}, "stream": {"type": "boolean"},
          "max_output_tokens": {"type": "integer", "minimum": 1},
          "temperature": {"type": "number", "minimum": 0, "maximum": 100},
          "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
          "top_logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
          "metadata": {"type": "object"}, "user": {"type": "string"}, "store": {"const": false},
          "reasoning": {"type": "object", "properties": {
            "effort": {"$ref": "#/components/schemas/Effort"},
            "max_tokens": {"type": "integer", "minimum": 0}}},
          "text": {"type": "object", "properties": {"format": {"type": "object",
            "required": ["type"], "properties": {"type": {"enum": ["text", "json_object",
              "json_schema"]}, "name": {"type": "string"}, "schema": {"type": "object"}}}}}}},
        "Revision": {"type": "object", "properties": {
          "budget": {"$ref": "#/components/schemas/Budget"}, "answer_now": {"type": "boolean"}}},
        "TokenizeRequest": {"type": "object", "properties": {
          "model": {"type": "string"}, "prompt": {"type": "string"},
          "content": {"type": "string"}, "inputs": {"type": "string"},
          "messages": {"$ref": "#/components/schemas/Messages"},
          "add_special": {"type": "boolean"}, "add_special_tokens": {"type": "boolean"},
          "parse_special": {"type": "boolean"}, "with_pieces": {"type": "boolean"},
          "return_token_strs": {"type": "boolean"}}},
        "DetokenizeRequest": {"type": "object", "required": ["tokens"], "properties": {
          "model": {"type": "string"}, "tokens": {"$ref": "#/components/schemas/TokenIDs"}}},
        "TemplateRequest": {"type": "object", "required": ["messages"], "properties": {
          "model": {"type": "string"}, "messages": {"$ref": "#/components/schemas/Messages"}}},
        "OllamaOptions": {"type": "object", "properties": {
          "num_predict": {"type": "integer", "minimum": -2},
          "temperature": {"type": "number", "minimum": 0, "maximum": 100},
          "top_k": {"type": "integer", "minimum": -1, "maximum": 2147483647},
          "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
          "min_p": {"type": "number", "minimum": 0, "maximum": 1}, "seed": {"type": "integer"},
          "stop": {"$ref": "#/components/schemas/Stops"},
          "repeat_penalty": {"type": "number", "minimum": 0.01, "maximum": 100},
          "num_ctx": {"type": "integer"}}},
        "OllamaCommon": {"type": "object", "properties": {
          "model": {"type": "string"}, "stream": {"type": "boolean"},
          "budget": {"$ref": "#/components/schemas/Budget"},
          "think": {"anyOf": [{"type": "boolean"}, {"$ref": "#/components/schemas/Effort"}]},
          "format": {"anyOf": [{"enum": ["json", ""]}, {"type": "object"}]},
          "keep_alive": {"type": ["string", "number"]},
          "options": {"$ref": "#/components/schemas/OllamaOptions"}}},
        "OllamaChat": {"allOf": [{"$ref": "#/components/schemas/OllamaCommon"},
          {"type": "object", "properties": {
            "messages": {"$ref": "#/components/schemas/Messages"}}}]},
        "OllamaGenerate": {"allOf": [{"$ref": "#/components/schemas/OllamaCommon"},
          {"type": "object", "properties": {"prompt": {"type": "string"},
            "system": {"type": "string"}, "raw": {"type": "boolean"}}}]},
        "OllamaShow": {"type": "object", "properties": {"model": {"type": "string"}}},
        "RewardRequest": {"type": "object"}
        }
        """#

    private static let answers = #"""
        {
        "Warnings": {"type": "array", "items": {"type": "string"}},
        "Reason": {"enum": ["stop", "length"]},
        "Usage": {"type": "object", "required": ["prompt_tokens", "completion_tokens",
          "total_tokens"], "properties": {
            "prompt_tokens": {"type": "integer"}, "completion_tokens": {"type": "integer"},
            "total_tokens": {"type": "integer"}, "prompt_tokens_details": {"type": "object"},
            "completion_tokens_details": {"type": "object", "properties":
              {"reasoning_tokens": {"type": "integer"}}}}},
        "ChatCompletion": {"type": "object", "required": ["id", "object", "created", "model",
          "choices", "usage", "budget"], "properties": {
            "id": {"type": "string"}, "object": {"const": "chat.completion"},
            "created": {"type": "integer"}, "model": {"type": "string"},
            "choices": {"type": "array", "items": {"type": "object",
              "required": ["index", "message", "logprobs", "finish_reason"], "properties": {
                "index": {"type": "integer"}, "message": {"type": "object", "properties": {
                  "role": {"const": "assistant"}, "content": {"type": "string"},
                  "reasoning": {"type": ["string", "null"]},
                  "reasoning_content": {"type": ["string", "null"]}}},
                "logprobs": {"type": ["object", "null"]},
                "finish_reason": {"$ref": "#/components/schemas/Reason"}}}},
            "usage": {"$ref": "#/components/schemas/Usage"},
            "budget": {"$ref": "#/components/schemas/BudgetReport"},
            "warnings": {"$ref": "#/components/schemas/Warnings"}}},
        "TextCompletion": {"type": "object", "required": ["id", "object", "created", "model",
          "choices", "usage", "budget"], "properties": {
            "object": {"const": "text_completion"},
            "choices": {"type": "array", "items": {"type": "object",
              "required": ["index", "text", "logprobs", "finish_reason"], "properties": {
                "text": {"type": "string"}, "logprobs": {"type": ["object", "null"]},
                "finish_reason": {"$ref": "#/components/schemas/Reason"}}}},
            "usage": {"$ref": "#/components/schemas/Usage"},
            "budget": {"$ref": "#/components/schemas/BudgetReport"},
            "warnings": {"$ref": "#/components/schemas/Warnings"}}},
        "Generation": {"type": "object", "required": ["id", "object", "model", "text", "reasoning",
          "finish_reason", "usage", "budget", "timings"], "properties": {
            "object": {"const": "generation"}, "text": {"type": "string"},
            "reasoning": {"type": ["string", "null"]},
            "finish_reason": {"$ref": "#/components/schemas/Reason"},
            "usage": {"$ref": "#/components/schemas/Usage"},
            "budget": {"$ref": "#/components/schemas/BudgetReport"},
            "timings": {"type": "object"}, "warnings": {"$ref": "#/components/schemas/Warnings"}}},
        "TGIAnswer": {"type": "object", "required": ["generated_text"], "properties": {
          "generated_text": {"type": "string"}, "details": {"type": "object",
            "required": ["finish_reason", "generated_tokens", "seed", "prefill", "tokens"],
            "properties": {"finish_reason": {"enum": ["length", "eos_token", "stop_sequence"]},
              "generated_tokens": {"type": "integer"}, "seed": {"type": ["integer", "null"]},
              "prefill": {"type": "array"}, "tokens": {"type": "array"}}}}},
        "TGIAnswers": {"type": "array", "items": {"$ref": "#/components/schemas/TGIAnswer"}},
        "GenerateAnswer": {"anyOf": [{"$ref": "#/components/schemas/Generation"},
          {"$ref": "#/components/schemas/TGIAnswer"}]},
        "Response": {"type": "object", "required": ["id", "object", "created_at", "status", "model",
          "output", "usage", "error", "incomplete_details"], "properties": {
            "object": {"const": "response"},
            "status": {"enum": ["completed", "incomplete"]},
            "output": {"type": "array", "items": {"type": "object",
              "required": ["id", "type", "content"], "properties": {
                "type": {"enum": ["reasoning", "message"]}}}},
            "usage": {"type": "object", "required": ["input_tokens", "output_tokens",
              "total_tokens", "output_tokens_details"]}}},
        "OllamaAnswer": {"type": "object", "required": ["model", "created_at", "done"],
          "properties": {"model": {"type": "string"}, "created_at": {"type": "string"},
            "done": {"const": true}, "done_reason": {"enum": ["stop", "length", "load"]},
            "response": {"type": "string"}, "thinking": {"type": "string"},
            "message": {"type": "object", "required": ["role", "content"]},
            "total_duration": {"type": "integer"}, "eval_count": {"type": "integer"}}}
        }
        """#

    private static let others = #"""
        {
        "Quote": {"type": "object", "required": ["object", "route", "prompt_tokens", "effective"],
          "properties": {"object": {"const": "budget.quote"}, "route": {"type": "object"},
            "prompt_tokens": {"type": "integer"}, "effective": {"type": "object"},
            "minimum": {"$ref": "#/components/schemas/Minimum"}}},
        "Revised": {"type": "object", "required": ["id", "object", "effective"], "properties": {
          "id": {"type": "string"}, "object": {"const": "generation.revision"},
          "effective": {"type": "object"}}},
        "Period": {"enum": ["hour", "day", "month"]},
        "WholeHour": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}],
          "description": "A date, which is its midnight, or an instant on a whole hour"},
        "UsageReport": {"type": "object",
          "required": ["object", "account", "quotas", "data"],
          "properties": {"object": {"const": "usage"},
            "period": {"$ref": "#/components/schemas/Period"},
            "from": {"type": "string", "format": "date-time"},
            "to": {"type": "string", "format": "date-time"},
            "bucket": {"anyOf": [{"$ref": "#/components/schemas/Period"}, {"type": "null"}]},
            "account": {"type": "string"},
            "quotas": {"type": "object"}, "data": {"type": "array", "items": {"type": "object",
              "required": ["account", "model", "start", "requests", "prompt_tokens",
                "reasoning_tokens", "answer_tokens", "cost"]}}}},
        "Model": {"type": "object", "required": ["id", "object", "created", "owned_by"],
          "properties": {"id": {"type": "string"}, "object": {"const": "model"},
            "created": {"type": "integer"}, "owned_by": {"type": "string"},
            "max_model_len": {"type": ["integer", "null"]}, "meta": {"type": "object"}}},
        "Models": {"type": "object", "required": ["object", "data"], "properties": {
          "object": {"const": "list"}, "data": {"type": "array", "items":
            {"$ref": "#/components/schemas/Model"}}}},
        "Tokens": {"anyOf": [{"type": "object", "required": ["tokens", "count", "max_model_len"],
          "properties": {"tokens": {"type": "array"}, "count": {"type": "integer"},
            "token_strs": {"type": "array", "items": {"type": "string"}}}},
          {"type": "array", "items": {"type": "object", "required": ["id", "text", "start",
            "stop"]}}]},
        "Text": {"type": "object", "required": ["prompt"], "properties": {
          "prompt": {"type": "string"}, "content": {"type": "string"}}},
        "TokenizerInformation": {"type": "object", "required": ["bos_token", "eos_token",
          "pad_token", "unk_token", "chat_template"], "properties": {
            "bos_token": {"type": ["string", "null"]}, "eos_token": {"type": ["string", "null"]},
            "pad_token": {"type": ["string", "null"]}, "unk_token": {"type": ["string", "null"]},
            "chat_template": {"type": ["string", "null"]}}},
        "TGIInformation": {"type": "object", "required": ["model_id", "max_total_tokens",
          "version"], "properties": {"model_id": {"type": ["string", "null"]},
            "max_total_tokens": {"type": "integer"}, "version": {"type": "string"}}},
        "OllamaModel": {"type": "object", "required": ["details", "model_info", "capabilities"]},
        "OllamaModels": {"type": "object", "required": ["models"], "properties": {
          "models": {"type": "array", "items": {"type": "object", "required": ["name", "model",
            "details"]}}}},
        "Version": {"type": "object", "required": ["version"], "properties": {
          "version": {"type": "string"}}},
        "Rewards": {"type": "object"},
        "Status": {"type": "object", "required": ["status"], "properties": {
          "status": {"enum": ["ok", "ready", "loading", "draining", "stuck"]}}},
        "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
        "Greeting": {"type": "object", "required": ["name", "version", "routes"]}
        }
        """#
}
