// The official OpenAI library for Node as its users write it: address and key come from its own variables of the environment.
// `node openai.mjs SCENARIO` plays one scenario and prints what the client got to see as JSON.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: Number(process.env.RETRIES ?? 2) });
const model = process.env.MODEL;
const hello = [{ role: 'user', content: 'Say hello' }];
const weather = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

const scenarios = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages: hello, max_completion_tokens: 6 });
    return { request: answer._request_id, text: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, usage: answer.usage };
  },

  async stream() {
    const { data, request_id: request } = await client.chat.completions.create({ model, messages: hello, max_completion_tokens: 6, stream: true }).withResponse();
    const seen = { request, text: '', usages: 0 };
    for await (const chunk of data) {
      seen.text += chunk.choices[0]?.delta?.content ?? '';
      if (chunk.usage) seen.usages++;
    }
    return seen;
  },

  async streamWithUsage() {
    const stream = client.chat.completions.stream({ model, messages: hello, max_completion_tokens: 6, stream_options: { include_usage: true } });
    return { text: await stream.finalContent(), usage: await stream.totalUsage() };
  },

  async tools() {
    const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters: weather } }];
    const messages = [{ role: 'user', content: 'How is the weather?' }];
    const first = await client.chat.completions.create({ model, messages, tools, tool_choice: 'required' });
    const call = first.choices[0].message.tool_calls[0];
    messages.push(first.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'sunny' });
    const second = await client.chat.completions.create({ model, messages, tools, tool_choice: 'none' });
    return { finish: first.choices[0].finish_reason, name: call.function.name, arguments: JSON.parse(call.function.arguments), text: second.choices[0].message.content };
  },

  async streamedTool() {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: weather } }];
    const final = await client.chat.completions.stream({ model, messages: hello, tools, tool_choice: 'required' }).finalChatCompletion();
    return { finish: final.choices[0].finish_reason, arguments: JSON.parse(final.choices[0].message.tool_calls[0].function.arguments) };
  },

  async embeddings() {
    const answer = await client.embeddings.create({ model, input: ['one two', 'three'] });
    return { request: answer._request_id, count: answer.data.length, dimensions: answer.data[0].embedding.length, usage: answer.usage };
  },

  async models() {
    const listed = [];
    for await (const one of client.models.list()) listed.push(one.id);
    return { listed, one: await client.models.retrieve(model) };
  },

  async response() {
    const answer = await client.responses.create({ model, input: 'Say hello', max_output_tokens: 6 });
    return { request: answer._request_id, text: answer.output_text, status: answer.status, usage: answer.usage };
  },

  async responseStream() {
    const stream = client.responses.stream({ model, input: 'Say hello', max_output_tokens: 6 });
    const events = new Set();
    let text = '';
    for await (const event of stream) {
      events.add(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    const final = await stream.finalResponse();
    return { text, whole: final.output_text, usage: final.usage, events: [...events] };
  },

  async refusal() {
    const ask = { chat: () => client.chat.completions.create(JSON.parse(process.env.BODY)), models: () => client.models.list(), model: () => client.models.retrieve(process.env.NAME) };
    try {
      await ask[process.env.ASK]();
    } catch (error) {
      return { kind: error.constructor.name, status: error.status, code: error.code, type: error.type, param: error.param, request: error.requestID };
    }
    throw new Error('It was not refused.');
  },

  async leave() {
    const { data, request_id: request } = await client.chat.completions.create({ model, messages: hello, max_completion_tokens: 25_000, ignore_eos: true, stream: true }).withResponse();
    let seen = 0;
    for await (const _ of data) if (++seen === 3) data.controller.abort();
    return { request, seen };
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
