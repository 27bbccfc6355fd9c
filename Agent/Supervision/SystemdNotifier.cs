using System.Collections;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace RPort.Agent.Supervision;

/// <summary>Tells the service manager how we are (sd_notify): datagrams to the socket named in <c>NOTIFY_SOCKET</c>.</summary>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    private readonly UnixDomainSocketEndPoint _manager;

    private SystemdNotifier(string path, TimeSpan? watchdog)
    {
        _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path); // '@': an abstract socket
        WatchdogInterval = watchdog;
    }

    /// <summary>The service manager kills us after this much silence; null: it does not.</summary>
    public TimeSpan? WatchdogInterval { get; }

    /// <summary>Null where no service manager listens.</summary>
    public static SystemdNotifier? FromEnvironment(IDictionary variables)
    {
        if (variables["NOTIFY_SOCKET"] is not string { Length: > 1 } path || path[0] is not ('/' or '@'))
        {
            return null;
        }

        bool forUs = variables["WATCHDOG_PID"] is not string pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        bool timed = long.TryParse(variables["WATCHDOG_USEC"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0;
        return new SystemdNotifier(path, forUs && timed ? TimeSpan.FromMicroseconds(microseconds) : null);
    }

    /// <summary>Sends one state such as <c>READY=1</c>. A manager that is gone or does not read is not waited for.</summary>
    public void Send(string state)
    {
        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(state), SocketFlags.None, _manager);
        }
        catch (SocketException)
        {
            // Nobody to tell; being connected matters more than being seen.
        }
    }

    public void Dispose() => _socket.Dispose();
}
