using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using RPort.Benchmarks.Budgets;

namespace RPort.Benchmarks;

/// <summary>Measures times with BenchmarkDotNet, or (<c>--budgets</c>) prints what each benchmark allocates beside what it may.</summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["--budgets"])
        {
            await BudgetReport.WriteAsync(Console.Out);
            return 0;
        }

        BenchmarkSwitcher.FromTypes(BudgetCase.Types).Run(args, Config());
        return 0;
    }

    // In this process: BenchmarkDotNet's own way is to build a program around each benchmark, for which it looks for a project file of the assembly's
    // name, RPort.Benchmarks.csproj, and ours is named as its folder. Not by the emitting toolchain, which does not await an asynchronous set-up.
    private static ManualConfig Config() => ManualConfig.CreateEmpty()
        .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance))
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(StatisticColumn.Min) // on a busy machine it says more than the mean
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
        .WithArtifactsPath(Path.Combine(Root(), "artifacts", "benchmarks"))
        .WithOptions(ConfigOptions.DisableLogFile);

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RPort.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? Environment.CurrentDirectory;
    }
}
