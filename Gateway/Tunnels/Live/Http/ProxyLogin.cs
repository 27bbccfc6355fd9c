using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;
using RPort.Gateway.Access;

namespace RPort.Gateway.Tunnels.Live.Http;

/// <summary>The user and password that a tunnel's web server asks for. Guessing is slow: a wrong pair makes its address wait.</summary>
internal sealed class ProxyLogin(string user, string passwordHash, TimeProvider clock)
{
    private static readonly AttemptLimits Limits = new(TimeSpan.FromSeconds(2), MaxFailures: 20, BanTime: TimeSpan.FromMinutes(10));
    private static readonly SemaphoreSlim Hashing = new(1);

    private readonly PasswordHasher<ProxyLogin> _hasher = new();
    private readonly AttemptLimiter _limiter = new(Limits, clock);

    // Browsers send the pair with every request: one that was right is known again by a keyed hash, which only this process can make.
    private readonly byte[] _memoryKey = RandomNumberGenerator.GetBytes(32);
    private volatile byte[]? _verified;

    /// <summary>The hash to keep of a password.</summary>
    public static string HashOf(string password) => new PasswordHasher<ProxyLogin>().HashPassword(null!, password);

    /// <summary>False: the answer has been given.</summary>
    public async Task<bool> AdmitAsync(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        string header = context.Request.Headers.Authorization.ToString();
        byte[] memory = HMACSHA256.HashData(_memoryKey, Encoding.UTF8.GetBytes(header));
        if (_verified is { } verified && CryptographicOperations.FixedTimeEquals(memory, verified))
        {
            return true;
        }

        if (_limiter.IsBanned(address) || _limiter.MustWait(address.ToString()))
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "2";
            return false;
        }

        if (TryRead(header, out string name, out string password))
        {
            if (await IsRightAsync(name, password, context.RequestAborted))
            {
                _limiter.Succeeded(address);
                _verified = memory;
                return true;
            }

            _limiter.Failed(address.ToString(), address);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"tunnel\", charset=\"UTF-8\"";
        return false;
    }

    private async Task<bool> IsRightAsync(string name, string password, CancellationToken cancellationToken)
    {
        await Hashing.WaitAsync(cancellationToken);
        try
        {
            bool rightName = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(name)), SHA256.HashData(Encoding.UTF8.GetBytes(user)));
            bool rightPassword = _hasher.VerifyHashedPassword(this, passwordHash, password) != PasswordVerificationResult.Failed;
            return rightName & rightPassword;
        }
        finally
        {
            Hashing.Release();
        }
    }

    private static bool TryRead(string header, out string name, out string password)
    {
        name = password = "";
        if (!AuthenticationHeaderValue.TryParse(header, out AuthenticationHeaderValue? value)
            || !"Basic".Equals(value.Scheme, StringComparison.OrdinalIgnoreCase) || value.Parameter is null)
        {
            return false;
        }

        try
        {
            string pair = Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter));
            int colon = pair.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                return false;
            }

            (name, password) = (pair[..colon], pair[(colon + 1)..]);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
