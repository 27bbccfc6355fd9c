using System.Collections;
using System.Net.Sockets;
using System.Text;
using RPort.Agent.Supervision;
using RPort.Agent.Tests.Kit;
using RPort.Testing;

namespace RPort.Agent.Tests.Supervision;

public sealed class SystemdNotifierTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_service_manager_there_is_nobody_to_notify()
    {
        Assert.Null(SystemdNotifier.FromEnvironment(new Hashtable()));
        Assert.Null(SystemdNotifier.FromEnvironment(new Hashtable { ["NOTIFY_SOCKET"] = "relative" }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task States_arrive_at_a_file_or_abstract_socket(bool isAbstract)
    {
        string name = isAbstract ? $"rport-test-{Guid.NewGuid():N}" : _folder["notify"];
        using Socket manager = Listen(isAbstract ? "\0" + name : name);
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(new Hashtable { ["NOTIFY_SOCKET"] = isAbstract ? "@" + name : name })!;
        notifier.Send("READY=1");
        Assert.Equal("READY=1", await ReceiveAsync(manager));
        new AgentStatus(notifier).Set("connected");
        Assert.Equal("STATUS=connected", await ReceiveAsync(manager));
        Assert.Null(notifier.WatchdogInterval);
    }

    [Fact]
    public void A_service_manager_that_is_gone_does_no_harm()
    {
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(new Hashtable { ["NOTIFY_SOCKET"] = _folder["none"] })!;
        notifier.Send("READY=1");
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "1", null)]
    [InlineData("nonsense", null, null)]
    public void The_watchdog_is_fed_where_it_is_meant_for_us(string microseconds, string? pid, int? seconds)
    {
        Hashtable environment = new() { ["NOTIFY_SOCKET"] = _folder["none"], ["WATCHDOG_USEC"] = microseconds, ["WATCHDOG_PID"] = pid };
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(environment)!;
        Assert.Equal(seconds, notifier.WatchdogInterval?.TotalSeconds);
    }

    [Fact]
    public async Task The_watchdog_is_fed_only_while_progress_is_made()
    {
        ManualTime clock = new();
        using Socket manager = Listen(_folder["notify"]);
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(new Hashtable { ["NOTIFY_SOCKET"] = _folder["notify"], ["WATCHDOG_USEC"] = "30000000" })!;
        HealthDeadline health = new(clock);
        health.Expect(TimeSpan.FromSeconds(60)); // and 30 of slack
        using CancellationTokenSource stop = new();
        Task running = new Watchdog(notifier, health, clock).RunAsync(stop.Token);
        Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
        for (int second = 10; second <= 90; second += 10)
        {
            await clock.ArmedAsync(1);
            clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
        }

        await clock.ArmedAsync(1);
        clock.Advance(TimeSpan.FromSeconds(10)); // stuck
        await clock.ArmedAsync(1);
        Assert.Equal(0, manager.Available);
        health.Expect(TimeSpan.FromSeconds(60));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Socket Listen(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int count = await socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(TimeSpan.FromSeconds(20));
        return Encoding.UTF8.GetString(buffer, 0, count);
    }
}
