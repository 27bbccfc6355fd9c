using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RPort.Benchmarks.Budgets;
using RPort.Benchmarks.Kit;
using RPort.Gateway.Agents;
using RPort.Gateway.Agents.Pushes;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Ssh.Sftp;
using RPort.Ssh.Tests;

namespace RPort.Benchmarks.Wire;

/// <summary>A payload of the gateway's folder, read by an agent's SFTP client over SSH, as in a push.</summary>
[MemoryDiagnoser]
public class SftpReadBenchmarks
{
    private const int ReadBytes = 64 * 1024;
    private const int Reads = 64;
    private const int SmallBytes = 10 * 1024;

    private static readonly ClientId Client = new("agent");

    private readonly TempFolder _folder = new();
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private SessionFiles _files = null!;
    private SessionPair _pair = null!;
    private SftpClient _sftp = null!;
    private PushOrder _large = null!;
    private PushOrder _small = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var store = new FolderPayloadStore(Options.Create(new PayloadOptions { Folder = _folder.Path }), TimeProvider.System);
        _large = await StoreAsync(store, Reads * ReadBytes);
        _small = await StoreAsync(store, SmallBytes);
        var environment = new SessionEnvironment(
            grains: null!, // only payloads, options, metrics and clock are asked for by what serves files
            store,
            credentials: null!,
            Options.Create(new AgentDoorOptions()),
            Options.Create(new AgentSessionOptions()),
            tunnels: null!,
            new AgentMetrics(_meters.GetRequiredService<IMeterFactory>()),
            TimeProvider.System,
            NullLogger<AgentSession>.Instance);
        _files = new SessionFiles(environment, static () => { });
        var channels = new FileChannels(environment, _files);
        _pair = await SessionPair.CreateAsync(streams: PipePair.Create());
        _pair.ServerHandler.OnOpen = open => channels.Decide(open, Client);
        _sftp = await SftpClient.OpenAsync(_pair.Client, new SftpClientOptions { BlockBytes = ReadBytes }, CancellationToken.None);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _sftp.DisposeAsync();
        await _pair.DisposeAsync();
        await _meters.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Per READ of 64 KiB, both ends: open and close of the file are spread over 64 of them.</summary>
    [Benchmark(OperationsPerInvoke = Reads), AllocationBudget(480)]
    public Task Read64KiB() => FetchAsync(_sftp, _large);

    /// <summary>Per file: a channel of its own, the file system's file, two reads, and the close of all that.</summary>
    [Benchmark, AllocationBudget(26_000)]
    public async Task FetchFileOf10KiB()
    {
        await using SftpClient sftp = await SftpClient.OpenAsync(_pair.Client, new SftpClientOptions(), CancellationToken.None);
        await FetchAsync(sftp, _small);
    }

    private static async Task<PushOrder> StoreAsync(FolderPayloadStore store, int bytes)
    {
        UploadId upload = UploadId.New();
        await using IPayloadWriter writer = await store.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(new byte[bytes], CancellationToken.None);
        await writer.CommitAsync(upload, CancellationToken.None);
        return new PushOrder { Upload = upload, Size = bytes };
    }

    private async Task FetchAsync(SftpClient sftp, PushOrder order)
    {
        PayloadGrant grant = _files.Grant(order, static (_, _) => Task.CompletedTask);
        long read = await sftp.DownloadAsync(grant.Path, 0, order.Size, static _ => default, CancellationToken.None);
        _files.Revoke(grant);
        if (read != order.Size)
        {
            throw new EndOfStreamException();
        }
    }
}
