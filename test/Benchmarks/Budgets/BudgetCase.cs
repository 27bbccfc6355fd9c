using System.Reflection;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Running;

namespace RPort.Benchmarks.Budgets;

/// <summary>One benchmark with one choice of its parameters. Found as the program finds it, so that none escapes.</summary>
internal sealed class BudgetCase(BenchmarkCase benchmark)
{
    private const BindingFlags Public = BindingFlags.Instance | BindingFlags.Public;

    /// <summary>Every type with benchmarks. Nested ones are subjects of tests.</summary>
    public static readonly Type[] Types = [.. typeof(BudgetCase).Assembly.GetTypes().Where(type => !type.IsNested && type.GetMethods(Public).Any(IsBenchmark))];

    /// <summary>Every case of those, by name.</summary>
    public static IReadOnlyDictionary<string, BudgetCase> All { get; } = Of(Types);

    public string Name { get; } = benchmark.Parameters.Count == 0
        ? $"{benchmark.Descriptor.Type.Name}.{benchmark.Descriptor.WorkloadMethod.Name}"
        : $"{benchmark.Descriptor.Type.Name}.{benchmark.Descriptor.WorkloadMethod.Name} {benchmark.Parameters.DisplayInfo}";

    /// <summary>What it may allocate; null when nobody said.</summary>
    public long? Allowed { get; } = benchmark.Descriptor.WorkloadMethod.GetCustomAttribute<AllocationBudgetAttribute>()?.Bytes;

    /// <summary>The cases of these types.</summary>
    public static IReadOnlyDictionary<string, BudgetCase> Of(params Type[] types) => types
        .SelectMany(type => BenchmarkConverter.TypeToBenchmarks(type).BenchmarksCases)
        .Select(found => new BudgetCase(found))
        .ToDictionary(found => found.Name);

    /// <summary>What is wrong with an operation that allocates so much; null when nothing is.</summary>
    public string? Judge(long measured) => Allowed switch
    {
        null => $"{Name} has no allocation budget. It allocates {measured} bytes per operation.",
        { } allowed when measured > allowed => $"{Name} allocates {measured} bytes per operation; its budget allows {allowed}.",
        _ => null,
    };

    /// <summary>Sets the benchmark up, measures and takes it down.</summary>
    /// <returns>Bytes per operation.</returns>
    public async Task<long> MeasureAsync()
    {
        object subject = Activator.CreateInstance(benchmark.Descriptor.Type)!;
        foreach (ParameterInstance parameter in benchmark.Parameters.Items)
        {
            subject.GetType().GetProperty(parameter.Name, Public)!.SetValue(subject, parameter.Value);
        }

        await RunAsync(benchmark.Descriptor.GlobalSetupMethod, subject);
        try
        {
            MethodInfo method = benchmark.Descriptor.WorkloadMethod;
            long perCall = typeof(Task).IsAssignableFrom(method.ReturnType)
                ? await AllocationMeter.MeasureAsync(method.CreateDelegate<Func<Task>>(subject))
                : AllocationMeter.Measure(method.CreateDelegate<Action>(subject));
            return perCall / benchmark.Descriptor.OperationsPerInvoke;
        }
        finally
        {
            await RunAsync(benchmark.Descriptor.GlobalCleanupMethod, subject);
        }
    }

    private static bool IsBenchmark(MethodInfo method) => method.IsDefined(typeof(BenchmarkDotNet.Attributes.BenchmarkAttribute));

    private static Task RunAsync(MethodInfo? method, object subject) => method?.Invoke(subject, null) as Task ?? Task.CompletedTask;
}
