using System.Globalization;
using System.Text.Json;
using RPort.Gateway.Tunnels;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Agents.Registration;

/// <summary>The tunnels an agent's own configuration asks for, and the list of tunnels it gets as the answer.</summary>
internal static class RemoteTunnels
{
    private const int MaxRemotes = 64;
    private const int MaxName = 128;
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(31);

    /// <summary>Reads <see cref="ConnectionRequest.Remotes"/>. False: it is no list of tunnels.</summary>
    public static bool TryRead(JsonElement? remotes, TunnelOptions options, out IReadOnlyList<TunnelSpec> tunnels)
    {
        tunnels = [];
        if (remotes is not { ValueKind: JsonValueKind.Array } array)
        {
            return remotes is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined };
        }

        if (array.GetArrayLength() > MaxRemotes)
        {
            return false;
        }

        List<TunnelSpec> read = [];
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (Parse(element) is not { } remote || ToSpec(remote, options) is not { } spec)
            {
                return false;
            }

            read.Add(spec);
        }

        tunnels = read;
        return true;
    }

    /// <summary>The reply to a registration: the client's tunnels, or the JSON text <c>null</c>.</summary>
    public static byte[] Reply(IReadOnlyList<TunnelEntry> tunnels) => tunnels.Count == 0
        ? "null"u8.ToArray()
        : ProtocolJson.Write([.. tunnels.Select(entry => FromSpec(entry.Record.Spec))], ProtocolJson.Default.RemoteTunnelArray);

    private static RemoteTunnel? Parse(JsonElement element)
    {
        try
        {
            return element.Deserialize(ProtocolJson.Default.RemoteTunnel);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static TunnelSpec? ToSpec(RemoteTunnel remote, TunnelOptions options)
    {
        TunnelProtocol? protocol = TunnelProtocols.Parse(remote.Protocol is { Length: > 0 } text ? text : "tcp");
        bool hasLocalPort = TryPort(remote.LocalPort, out int localPort) && localPort > 0 && !remote.LocalPortRandom;
        if (protocol is null || !TryPort(remote.RemotePort, out int remotePort) || remotePort == 0 || remote.IdleTimeoutMinutes is < 0 or > 10080
            || remote.RemoteHost is not { Length: <= 255 } || remote.Name is not { Length: <= MaxName })
        {
            return null;
        }

        TimeSpan autoClose = TimeSpan.FromTicks(Math.Max(0, remote.AutoClose) / 100);
        _ = TunnelAcl.TryParse(options.AgentRemotesAcl, out TunnelAcl acl, out _);
        return new TunnelSpec
        {
            Name = remote.Name,
            Protocol = protocol.Value,
            LocalHost = remote.LocalHost is { Length: > 0 } host ? host : "0.0.0.0",
            LocalPort = hasLocalPort ? localPort : 0,
            LocalPortRandom = !hasLocalPort,
            RemoteHost = remote.RemoteHost.Length > 0 ? remote.RemoteHost : "127.0.0.1",
            RemotePort = remotePort,
            Acl = acl.ToString(),
            IdleTimeoutMinutes = remote.IdleTimeoutMinutes,
            AutoClose = autoClose < LongestLife ? autoClose : LongestLife,
        };
    }

    private static RemoteTunnel FromSpec(TunnelSpec spec) => new()
    {
        Name = spec.Name,
        Protocol = spec.Protocol.Text(),
        LocalHost = spec.LocalHost,
        LocalPort = spec.LocalPort.ToString(CultureInfo.InvariantCulture),
        LocalPortRandom = spec.LocalPortRandom,
        Owner = spec.Owner,
        RemoteHost = spec.RemoteHost,
        RemotePort = spec.RemotePort.ToString(CultureInfo.InvariantCulture),
        Scheme = spec.Scheme,
        Acl = spec.Acl,
        IdleTimeoutMinutes = spec.IdleTimeoutMinutes,
        AutoClose = spec.AutoClose.Ticks * 100,
        HttpProxy = spec.HttpProxy,
        HostHeader = spec.HostHeader,
        AuthUser = spec.AuthUser,
    };

    private static bool TryPort(string? text, out int port)
    {
        port = 0;
        return string.IsNullOrEmpty(text) || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue);
    }
}
