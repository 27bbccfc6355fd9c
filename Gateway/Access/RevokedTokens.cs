using System.Globalization;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Access;

/// <summary>Tokens that were logged out before their end. Kept in a file, so that a restart does not bring them back. Thread-safe.</summary>
internal sealed class RevokedTokens
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _endOf = [];
    private readonly string _file;
    private readonly TimeProvider _clock;

    public RevokedTokens(IOptions<AccessOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _file = Path.Combine(options.Value.DataFolder, "keys", "revoked-tokens");
        if (File.Exists(_file))
        {
            foreach (string line in File.ReadLines(_file))
            {
                if (line.Split(' ') is [string id, string end] && long.TryParse(end, CultureInfo.InvariantCulture, out long seconds))
                {
                    _endOf[id] = DateTimeOffset.FromUnixTimeSeconds(seconds);
                }
            }
        }
    }

    public bool Contains(string tokenId)
    {
        lock (_gate)
        {
            return _endOf.ContainsKey(tokenId);
        }
    }

    /// <summary>Refuses the token from now on. Durable before it returns.</summary>
    public void Add(string tokenId, DateTimeOffset end)
    {
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            foreach ((string id, _) in _endOf.Where(entry => entry.Value <= now).ToArray())
            {
                _endOf.Remove(id); // its end alone refuses it by now
            }

            _endOf[tokenId] = end;
            PrivateFile.Write(_file, string.Concat(_endOf.Select(entry => $"{entry.Key} {entry.Value.ToUnixTimeSeconds()}\n")), overwrite: true);
        }
    }
}
