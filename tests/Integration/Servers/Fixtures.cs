// Apart from the server itself, because the benchmarks use that one, too, and know no fixtures.
[assembly: AssemblyFixture(typeof(RabbitServer))]
