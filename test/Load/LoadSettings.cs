using System.Net;

namespace RPort.Load;

/// <summary>What every scenario is told on the command line.</summary>
internal sealed record LoadSettings
{
    /// <summary>Path of RPort.Gateway.dll to start; empty where one runs already.</summary>
    public required string Gateway { get; init; }

    /// <summary><c>ws://host:port</c> of a running gateway's agent port.</summary>
    public required string Server { get; init; }

    /// <summary><c>http://host:port</c> of a running gateway's API.</summary>
    public required string Api { get; init; }

    /// <summary>Process of a running gateway, for its CPU and memory; 0 for unknown.</summary>
    public required int ServerProcess { get; init; }

    /// <summary>The agents' credential, <c>id:password</c>.</summary>
    public required string AgentAuth { get; init; }

    /// <summary>The operator's credential, <c>user:password</c>.</summary>
    public required string ApiAuth { get; init; }

    /// <summary>Settings handed to a gateway that is started, <c>Section:Key=value</c>.</summary>
    public required IReadOnlyList<string> GatewaySettings { get; init; }

    public required int Agents { get; init; }

    /// <summary>Number of the first agent: another process may have those before it.</summary>
    public required int First { get; init; }

    /// <summary>Loopback addresses 127.0.0.1… the agents come from.</summary>
    public required int Addresses { get; init; }

    /// <summary>Dials under way at a time in the first storm.</summary>
    public required int Parallel { get; init; }

    /// <summary>Agents that connect and leave before anything is measured, so that the server has compiled its code.</summary>
    public required int Warm { get; init; }

    public required TimeSpan Settle { get; init; }

    public required string Json { get; init; }

    /// <summary>Where a gateway that is started keeps its data and logs; empty for a temporary folder.</summary>
    public required string Folder { get; init; }

    public IPAddress AddressOf(int agent) => IPAddress.Parse($"127.0.0.{1 + (agent % Addresses)}");
}
