using System.ComponentModel.DataAnnotations;
using System.Text;

namespace RPort.Gateway.Access;

/// <summary>Who may use the API. Bound from <c>Api</c>.</summary>
internal sealed class AccessOptions : IValidatableObject
{
    public const string Section = "Api";

    /// <summary>The longest life a token may have whatever is configured: 90 days.</summary>
    public static readonly TimeSpan LongestToken = TimeSpan.FromDays(90);

    /// <summary>The administrator as user:password. Empty: a password for 'admin' is made at the first start and written to admin-password.txt in the data directory.</summary>
    public string Auth { get; set; } = "";

    /// <summary>Folder for what is made at the first start: admin-password.txt, and keys/ for the password's hash and the signing key.</summary>
    [Required] public string DataFolder { get; set; } = "data";

    /// <summary>Secret that signs log-in tokens, at least 32 bytes of text. Empty: made once and kept in the data directory. All gateways of a cluster need the same.</summary>
    public string SigningKey { get; set; } = "";

    /// <summary>Proxies (addresses or CIDR networks) whose X-Forwarded-For is believed, on both ports.</summary>
    public string[] TrustedProxies { get; set; } = [];

    /// <summary>After a failed log-in the same address is refused with the same user for this long (429).</summary>
    public TimeSpan UserLoginWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Failed log-ins after which an address is banned (423); 0 bans nobody.</summary>
    [Range(0, 1_000_000)]
    public int MaxFailedLogin { get; set; } = 10;

    /// <summary>How long an address stays banned.</summary>
    public TimeSpan BanTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest life a log-in token may ask for; at most 90 days.</summary>
    public TimeSpan MaxTokenLifetime { get; set; } = LongestToken;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Auth.Length > 0 && (Auth.IndexOf(':') is < 1 || Auth.EndsWith(':')))
        {
            yield return new ValidationResult($"{Section}:{nameof(Auth)} must have the form user:password.");
        }

        if (SigningKey.Length > 0 && Encoding.UTF8.GetByteCount(SigningKey) < 32)
        {
            yield return new ValidationResult($"{Section}:{nameof(SigningKey)} must have at least 32 bytes.");
        }

        if (UserLoginWait < TimeSpan.Zero || BanTime <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(UserLoginWait)} must not be negative and {Section}:{nameof(BanTime)} must be positive.");
        }

        if (MaxTokenLifetime < TimeSpan.FromSeconds(1) || MaxTokenLifetime > LongestToken)
        {
            yield return new ValidationResult($"{Section}:{nameof(MaxTokenLifetime)} ({MaxTokenLifetime}) must be between a second and 90 days.");
        }

        foreach (string proxy in TrustedProxies.Where(p => !ClientAddress.TryParseNetwork(p, out _)))
        {
            yield return new ValidationResult($"{Section}:{nameof(TrustedProxies)}: '{proxy}' is no address and no network such as 10.0.0.0/8.");
        }
    }
}
