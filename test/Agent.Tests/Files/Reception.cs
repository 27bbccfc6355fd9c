using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using RPort.Agent.Configuration;
using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

/// <summary>A machine in a temporary folder: data folder, destination folder, receivers one after the other as agent processes would be.</summary>
internal sealed class Reception : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentBag<(FileReceiver Receiver, CancellationTokenSource Stop, Task Running)> _started = [];
    private readonly Channel<UploadResult> _reports = Channel.CreateUnbounded<UploadResult>();

    private FileReceiver? _current;

    public Reception(string root = "/tmp")
    {
        Root = Directory.CreateDirectory(Path.Join(root, $"rport-files-{Guid.NewGuid():N}")).FullName;
        Data = Path.Join(Root, "data");
        Dest = Directory.CreateDirectory(Path.Join(Root, "dest")).FullName;
    }

    public static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    public string Root { get; }

    public string Data { get; }

    public string Dest { get; }

    public string PushFolder => Path.Join(Data, "filepush");

    public FileReceptionOptions Options { get; init; } = new() { MaxConcurrent = 4 };

    public FileReceiverSettings Settings { get; set; } = new() { FetchRetries = [TimeSpan.Zero, TimeSpan.Zero], ReportRetry = TimeSpan.FromMilliseconds(5) };

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>What the gateway answers to a report.</summary>
    public Func<UploadResult, bool> Records { get; set; } = _ => true;

    public static byte[] Random(int length, int seed = 7)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    public string In(string name) => Path.Join(Dest, name);

    public UploadOrder Order(byte[] content, string name = "file.bin", string id = "push-1") => new()
    {
        Id = id,
        SourceFilePath = "/payload/" + id,
        DestinationPath = name.StartsWith('/') ? name : In(name),
        Md5Checksum = Convert.ToBase64String(MD5.HashData(content)),
        Sha256Checksum = Convert.ToBase64String(SHA256.HashData(content)),
        Size = content.Length,
        Attempt = 1,
    };

    /// <param name="source">Where content comes from; null leaves the receiver without a connection.</param>
    /// <param name="push2">The gateway takes reports.</param>
    /// <param name="crashes">It stops at a stage for good, so that its end is not waited for.</param>
    public FileReceiver Start(IPayloadSource? source = null, bool push2 = true, bool crashes = false)
    {
        FileReceiver receiver = new(Options, Data, Clock, NullLogger.Instance, Settings);
        CancellationTokenSource stop = new();
        _current = receiver;
        Task running = receiver.RunAsync(stop.Token);
        if (!crashes) { _started.Add((receiver, stop, running)); }
        if (source is not null) { Attach(receiver, source, push2); }
        return receiver;
    }

    public void Attach(FileReceiver receiver, IPayloadSource source, bool push2 = true) => receiver.Attach(source, push2 ? ReportAsync : null);

    /// <summary>Pushes one file over a new connection to the given or latest receiver and waits for its report.</summary>
    public async Task<UploadResult> PushAsync(UploadOrder order, IPayloadSource source, FileReceiver? receiver = null)
    {
        receiver ??= _current ?? Start();
        Attach(receiver, source);
        UploadReply reply = receiver.Accept(order);
        return reply.Accepted ? await ReportAsync(order.Id) : new UploadResult { Id = order.Id, Status = "refused", Message = reply.Refusal };
    }

    public Task<UploadResult> PushAsync(UploadOrder order, byte[] content) => PushAsync(order, new MemoryPayload(content));

    /// <summary>The next report, which must be of this push.</summary>
    public async Task<UploadResult> ReportAsync(string id)
    {
        UploadResult result = await NextReportAsync();
        Assert.Equal(id, result.Id);
        return result;
    }

    public Task<UploadResult> NextReportAsync() => _reports.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public bool HasReport => _reports.Reader.TryPeek(out _);

    /// <summary>Staging files and copies; the journal's files may be there.</summary>
    public IReadOnlyList<string> Leftovers() =>
        [.. Directory.EnumerateFiles(Root, "*rport*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => !path.Contains("_rport_filepush.json", StringComparison.Ordinal))];

    public static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        string error = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error}");
    }

    /// <summary>Ends all receivers in good order.</summary>
    public async Task StopAsync()
    {
        while (_started.TryTake(out (FileReceiver Receiver, CancellationTokenSource Stop, Task Running) started))
        {
            await started.Stop.CancelAsync();
            await started.Running.WaitAsync(Patience);
            started.Receiver.Dispose();
        }

        _current = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Root, recursive: true);
    }

    private async Task<bool> ReportAsync(UploadResult result, CancellationToken cancellationToken)
    {
        bool recorded = Records(result);
        await _reports.Writer.WriteAsync(result, cancellationToken);
        return recorded;
    }
}
