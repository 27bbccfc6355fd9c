using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Access;

/// <summary>What became of a name and a password.</summary>
internal enum LoginOutcome
{
    Accepted,
    Refused,
    /// <summary>Not looked at: the user has to wait after a failure, or too many wait for the hash.</summary>
    MustWait,
    /// <summary>Not looked at: the address is banned.</summary>
    Banned,
}

/// <summary>Decides on names and passwords, and slows down those who guess. Thread-safe.</summary>
internal sealed partial class LoginGate : IDisposable
{
    /// <summary>Hashing takes tens of milliseconds of a core: this many at a time leave the machine usable under a flood of guesses.</summary>
    private const int MaxHashing = 2;
    private const int MaxRemembered = 1024;

    /// <summary>Longer names exist nowhere, and what a stranger sends is kept for a while as a key.</summary>
    private const int MaxNameLength = 128;
    private static readonly TimeSpan LongestQueue = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Administrator _administrator;
    private readonly AttemptLimiter _limiter;
    private readonly AccessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<LoginGate> _logger;
    private readonly SemaphoreSlim _hashing = new(MaxHashing);

    // Scripts send Basic credentials with every call: a pair that was right is known again by a keyed hash, which only this process can make.
    private readonly byte[] _memoryKey = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _verified = new();

    public LoginGate(Administrator administrator, IOptions<AccessOptions> options, TimeProvider clock, ILogger<LoginGate> logger)
    {
        _administrator = administrator;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _limiter = new AttemptLimiter(new AttemptLimits(_options.UserLoginWait, _options.MaxFailedLogin, _options.BanTime), clock);
    }

    public bool IsBanned(IPAddress address) => _limiter.IsBanned(address);

    public async Task<LoginOutcome> TryAsync(string user, string password, IPAddress address, CancellationToken cancellationToken)
    {
        if (_limiter.IsBanned(address))
        {
            return LoginOutcome.Banned;
        }

        // Only the address that failed with a name has to wait, or anybody could keep the administrator out.
        string who = $"{(user.Length <= MaxNameLength ? user : "(too long)")} {address}";
        if (_limiter.MustWait(who))
        {
            return LoginOutcome.MustWait;
        }

        string memory = MemoryOf(user, password);
        if (_verified.TryGetValue(memory, out DateTimeOffset until) && until > _clock.GetUtcNow())
        {
            return LoginOutcome.Accepted;
        }

        if (!await _hashing.WaitAsync(LongestQueue, cancellationToken))
        {
            return LoginOutcome.MustWait;
        }

        bool right;
        try
        {
            right = _administrator.Verify(user, password);
        }
        finally
        {
            _hashing.Release();
        }

        if (!right)
        {
            LogRefused(_logger, user == _administrator.Name ? user : "(unknown)", address); // an unknown name may be a password typed into the wrong field
            if (_limiter.Failed(who, address))
            {
                LogBanned(_logger, address, _options.BanTime);
            }

            return LoginOutcome.Refused;
        }

        Remember(memory);
        _limiter.Succeeded(address);
        return LoginOutcome.Accepted;
    }

    /// <summary>The answer to a log-in that was not accepted.</summary>
    public ApiFailure Refusal(LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.MustWait => ApiFailure.TooMany(_options.UserLoginWait),
        LoginOutcome.Banned => ApiFailure.Of(StatusCodes.Status423Locked, "Too many bad attempts. Please try later."),
        _ => ApiFailure.OfStatus(StatusCodes.Status401Unauthorized),
    };

    public void Dispose() => _hashing.Dispose();

    private string MemoryOf(string user, string password)
    {
        byte[] pair = Encoding.UTF8.GetBytes($"{user.Length}:{user}{password}");
        return Convert.ToBase64String(HMACSHA256.HashData(_memoryKey, pair));
    }

    private void Remember(string memory)
    {
        if (_verified.Count >= MaxRemembered)
        {
            _verified.Clear();
        }

        _verified[memory] = _clock.GetUtcNow() + Remembered;
    }

    [LoggerMessage(4011, LogLevel.Warning, "API log-in refused: {User} from {Address}")]
    private static partial void LogRefused(ILogger logger, string user, IPAddress address);

    [LoggerMessage(4012, LogLevel.Warning, "{Address} failed too often and is banned from the API for {BanTime}")]
    private static partial void LogBanned(ILogger logger, IPAddress address, TimeSpan banTime);
}
