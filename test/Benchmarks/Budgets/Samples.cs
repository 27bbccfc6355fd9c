using BenchmarkDotNet.Attributes;

namespace RPort.Benchmarks.Budgets;

/// <summary>Subjects of the tests. Nested, and so no benchmarks of the program.</summary>
public static class Samples
{
    /// <summary>Bodies whose allocation is known.</summary>
    public sealed class Spending
    {
        private const int ArrayHeaderBytes = 24;
        private const int Operations = 10;

        private static byte[] _kept = [];

        /// <summary>Allocates a kibibyte in all.</summary>
        public static void Spend() => _kept = new byte[1024 - ArrayHeaderBytes];

        [Benchmark(OperationsPerInvoke = Operations), AllocationBudget(1024)]
        public void WithinBudget() => SpendOften();

        [Benchmark(OperationsPerInvoke = Operations), AllocationBudget(1000)]
        public void OverBudget() => SpendOften();

        [Benchmark(OperationsPerInvoke = Operations), AllocationBudget(1024)]
        public Task AsyncWithinBudget()
        {
            SpendOften();
            return Task.CompletedTask;
        }

        [Benchmark(OperationsPerInvoke = Operations), AllocationBudget(1000)]
        public Task AsyncOverBudget()
        {
            SpendOften();
            return Task.CompletedTask;
        }

        [Benchmark(OperationsPerInvoke = Operations)]
        public void Unlimited() => SpendOften();

        private static void SpendOften()
        {
            for (int i = 0; i < Operations; i++)
            {
                Spend();
            }

            GC.KeepAlive(_kept);
        }
    }

    /// <summary>A body that depends on a parameter and on its set-up.</summary>
    public sealed class Parametrized
    {
        private Action? _spend;

        [Params(1, 3)]
        public int Count { get; set; }

        [GlobalSetup]
        public Task SetUpAsync()
        {
            _spend = Spending.Spend;
            return Task.CompletedTask;
        }

        [Benchmark, AllocationBudget(4096)]
        public void Allocate()
        {
            for (int i = 0; i < Count; i++)
            {
                _spend!();
            }
        }
    }
}
