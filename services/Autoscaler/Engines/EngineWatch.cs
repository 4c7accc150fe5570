using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Autoscaler.Engines;

/// <summary>The engines of one pool: what each last told, and since when one has been silent. One round at a time.</summary>
internal sealed class EngineWatch(PoolId pool, AutoscalerOptions options, EngineScraper scraper, AutoscalerMeters meters, TimeProvider clock, ILogger log)
{
    // Replaced as a whole, so that whoever looks meanwhile sees one round.
    private volatile IReadOnlyDictionary<Uri, Engine> _engines = new Dictionary<Uri, Engine>();

    private bool _known;

    /// <summary>Since when there is somebody to ask; null while there is not.</summary>
    public DateTimeOffset? Since { get; private set; }

    /// <summary>What every engine last told.</summary>
    public IReadOnlyCollection<EngineScrape> Scrapes => [.. _engines.Values.Select(engine => engine.Scrape).OfType<EngineScrape>()];

    /// <summary>Engines that answer; null when nobody knows where they are, or when there are some and none answers, for whether they or the way to them is gone cannot be told.</summary>
    public int? Answering(DateTimeOffset now) => !_known ? null
        : _engines.Count == 0 ? 0
        : _engines.Values.Count(engine => IsAnswering(engine, now)) is > 0 and var answering ? answering : null;

    /// <param name="found">Where engines are; null when that is not known.</param>
    /// <param name="expected">Engines are to be watched, even if none is known now.</param>
    public async Task LookAsync(IReadOnlyCollection<Uri>? found, bool expected, CancellationToken ct)
    {
        _known = found is not null;
        var targets = found ?? [];
        Since = expected || targets.Count > 0 ? Since ?? clock.GetUtcNow() : null;
        var engines = targets.ToDictionary(target => target, target => _engines.TryGetValue(target, out var known) ? known : new(new(TimeSpan.FromSeconds(options.WindowSeconds), options.LatencyQuantile)));
        await Parallel.ForEachAsync(engines, new ParallelOptions { MaxDegreeOfParallelism = options.ParallelScrapes, CancellationToken = ct }, async (engine, ct) => await LookAsync(engine.Key, engine.Value, ct));
        _engines = engines;
    }

    private async Task LookAsync(Uri target, Engine engine, CancellationToken ct)
    {
        try
        {
            var (sample, malformed) = await scraper.ReadAsync(target, ct);
            if (malformed > 0) meters.Malformed(pool, malformed);
            engine.Scrape = engine.History.Add(sample);
            if (engine.Failure is not null) log.LogInformation("The engine {Target} of pool {Pool} answers again.", target, pool);
            engine.Failure = null;
        }
        catch (ScrapeException e)
        {
            meters.Unanswered(pool);
            if (engine.Failure is null) log.LogWarning("The engine {Target} of pool {Pool} does not say how it is: {Reason}", target, pool, e.Message);
            engine.Failure = e.Message;
        }
    }

    /// <summary>The engine at an address as operators see it.</summary>
    public ReplicaView? Find(Uri target, ReplicaState? state) => _engines.TryGetValue(target, out var engine)
        ? new(target.GetLeftPart(UriPartial.Authority), state ?? (IsAnswering(engine, clock.GetUtcNow()) ? ReplicaState.Serving : ReplicaState.Lost), engine.Scrape?.Running, engine.Scrape?.Waiting, engine.Scrape?.At, engine.Failure)
        : null;

    public IEnumerable<Uri> Targets => _engines.Keys;

    private bool IsAnswering(Engine engine, DateTimeOffset now) => engine.Scrape is { } scrape && (now - scrape.At).TotalSeconds <= options.LostAfterSeconds;

    private sealed class Engine(EngineHistory history)
    {
        public EngineHistory History => history;
        public EngineScrape? Scrape { get; set; }
        public string? Failure { get; set; }
    }
}
