using System.Diagnostics;
using System.Net;
using RPort.Agent.Supervision;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Load.Agents;

/// <summary>
/// One agent: dials, registers, answers, and dials again for as long as it runs, with the pauses of the real one. Does what an idle agent does and
/// nothing with the machine.
/// </summary>
internal sealed class LoadAgent(int number, FleetParts parts, IPAddress source) : ISshPeerHandler
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Stable = TimeSpan.FromMinutes(1); // as the agent counts it

    private readonly byte[] _registration = Inventory.Write(number);
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), LongestPause, Random.Shared);
    private long _alone = Stopwatch.GetTimestamp();
    private TimeSpan? _busyFor;

    public static string IdOf(int number) => $"load-{number:00000}";

    /// <summary>The connection while there is one.</summary>
    public SshConnection? Connection { get; private set; }

    /// <summary>Keeps itself connected until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _alone = Stopwatch.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await HoldAsync(cancellationToken);
                await Task.Delay(_busyFor is { } busy ? _backoff.NextAfterBusy(busy) : _backoff.Next(), cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return; // whatever was cut short by the end
            }
        }
    }

    public ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(request.Name switch
    {
        RequestNames.Ping or RequestNames.PutCapabilities or RequestNames.UploadCancel => SshReply.Ok(),
        RequestNames.Upload => parts.Pushes.Take(connection, request.Payload, cancellationToken),
        RequestNames.CheckTunnelAllowed => SshReply.Ok(ProtocolJson.Write(new TunnelAllowance { IsAllowed = true }, ProtocolJson.Default.TunnelAllowance)),
        _ => SshReply.Fail(RequestNames.UnknownRequest),
    });

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(TunnelEnd.Open(open));

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (await OpenAsync(cancellationToken) is not { } connection)
        {
            return;
        }

        await using (connection)
        {
            Connection = connection;
            parts.Counts.Waits.Add(Stopwatch.GetElapsedTime(_alone));
            parts.Counts.Connected();
            long since = Stopwatch.GetTimestamp();
            try
            {
                await ProveAliveAsync(connection, cancellationToken);
            }
            finally
            {
                Connection = null;
                _alone = Stopwatch.GetTimestamp();
                parts.Counts.Disconnected();
                if (Stopwatch.GetElapsedTime(since) >= Stable)
                {
                    _backoff.Reset();
                }
            }
        }
    }

    private async Task<SshConnection?> OpenAsync(CancellationToken cancellationToken)
    {
        using DialGate.Place place = await parts.Gate.EnterAsync(cancellationToken);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ConnectTimeout);
        long start = Stopwatch.GetTimestamp();
        SshConnection? connection = null;
        _busyFor = null;
        try
        {
            Stream stream = await parts.Dial.ConnectAsync(source, deadline.Token);
            connection = await SshConnection.ConnectAsync(stream, parts.Login, this, deadline.Token);
            SshReply reply = await connection.RequestAsync(RequestNames.NewConnection, _registration, deadline.Token);
            if (!reply.Success)
            {
                throw new IOException(System.Text.Encoding.UTF8.GetString(reply.Payload.Span));
            }

            parts.Counts.Connects.Add(Stopwatch.GetElapsedTime(start));
            return connection;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: it counts, and shows in the report.
            if (e is BusyException busy)
            {
                parts.Counts.Refused();
                _busyFor = busy.RetryAfter;
            }

            parts.Counts.Failed(e is OperationCanceledException ? "time-out" : e.Message);
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            return null;
        }
    }

    private static async Task ProveAliveAsync(SshConnection connection, CancellationToken cancellationToken)
    {
        TimeSpan pause = KeepAlive * Random.Shared.NextDouble(); // agents of a fleet started at different times
        while (!connection.Completion.IsCompleted)
        {
            try
            {
                await connection.Completion.WaitAsync(pause, cancellationToken);
            }
            catch (TimeoutException)
            {
                try
                {
                    await connection.RequestAsync(RequestNames.Ping, default, cancellationToken);
                }
                catch (SshException)
                {
                    return;
                }
            }

            pause = KeepAlive;
        }
    }
}
