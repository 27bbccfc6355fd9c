using System.Net;
using Microsoft.Extensions.Options;
using RPort.Gateway.Access;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>Decides on agents' passwords, and slows down those who guess: a wait per name and address, a ban per address.</summary>
internal sealed class AgentLoginGate(
    AgentCredentialStore credentials, IOptions<AgentDoorOptions> options, TimeProvider clock, ILogger<AgentLoginGate> logger)
{
    private readonly AttemptLimiter _limiter = new(
        new AttemptLimits(options.Value.LoginWait, options.Value.MaxFailedLogins, options.Value.BanTime), clock);

    /// <summary>True while nobody at this address may try.</summary>
    public bool IsBanned(IPAddress address) => _limiter.IsBanned(address);

    /// <summary>Whether the agent at this address may come in.</summary>
    public bool Admit(IPAddress address, SshPasswordLogin login)
    {
        string name = login.UserName;

        // A whole fleet may share a name: only the address that failed with it has to wait, or anybody could keep the fleet out.
        string who = $"{name} {address}";
        if (_limiter.IsBanned(address))
        {
            return false;
        }

        if (name.Length > AgentCredentials.MaxNameLength || _limiter.MustWait(who))
        {
            AgentDoorLog.LoginMustWait(logger, Shown(name), address);
            return false;
        }

        if (credentials.Verify(name, login.Password))
        {
            _limiter.Succeeded(address);
            return true;
        }

        AgentDoorLog.LoginRefused(logger, Shown(name), address);
        if (_limiter.Failed(who, address))
        {
            AgentDoorLog.AddressBanned(logger, address, options.Value.BanTime);
        }

        return false;
    }

    // A name nobody has checked: it may hold line breaks, or be a password typed into the wrong field.
    private string Shown(string name) => credentials.Contains(name) ? name : "(unknown)";
}
