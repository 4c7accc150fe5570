using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Hosting;

/// <summary>
/// Keeps keys out of every log, at every level and for every provider: what the web server says about a request names its address, and clients put keys there.
/// It stands before the providers, so that no setting of theirs gets around it.
/// </summary>
internal sealed class KeylessLogs(IEnumerable<ILoggerProvider> providers, IOptionsMonitor<LoggerFilterOptions> filters, IOptions<LoggerFactoryOptions> options) : ILoggerFactory
{
    private readonly LoggerFactory _factory = new(providers, filters, options);

    public ILogger CreateLogger(string categoryName) => new Keyless(_factory.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => _factory.AddProvider(provider);

    public void Dispose() => _factory.Dispose();

    private sealed class Keyless(ILogger inner) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull =>
            state.ToString() is { } text && WrittenKeys.In(text) ? inner.BeginScope(WrittenKeys.Blacken(text)) : inner.BeginScope(state);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!inner.IsEnabled(logLevel)) return;
            var text = formatter(state, exception);
            var trouble = exception?.ToString() ?? "";
            if (!WrittenKeys.In(text) && !WrittenKeys.In(trouble)) inner.Log(logLevel, eventId, state, exception, formatter);
            // The parts of the message hold the key, too, so only its text goes on.
            else inner.Log(logLevel, eventId, WrittenKeys.Blacken($"{text} {trouble}".TrimEnd()), exception: null, static (black, _) => black);
        }
    }
}
