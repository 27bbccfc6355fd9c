using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Access;

/// <summary>
/// The one user there is. Configured, or made at the first start: then only a PBKDF2 hash is kept, and the password lies in a file for
/// whoever set the server up to read and delete.
/// </summary>
internal sealed partial class Administrator
{
    public const string DefaultName = "admin";
    private const int GeneratedPasswordBytes = 24;

    private readonly PasswordHasher<Administrator> _hasher = new();
    private readonly string _hash;

    public Administrator(IOptions<AccessOptions> options, ILogger<Administrator> logger)
    {
        AccessOptions access = options.Value;
        if (access.Auth.Length > 0)
        {
            int colon = access.Auth.IndexOf(':');
            Name = access.Auth[..colon];
            _hash = _hasher.HashPassword(this, access.Auth[(colon + 1)..]);
            return;
        }

        Name = DefaultName;
        _hash = PrivateFile.ReadOrCreate(Path.Combine(access.DataFolder, "keys", "admin.hash"), () =>
        {
            string password = Convert.ToBase64String(RandomNumberGenerator.GetBytes(GeneratedPasswordBytes)).Replace('+', '-').Replace('/', '_');
            string file = Path.GetFullPath(Path.Combine(access.DataFolder, "admin-password.txt"));
            PrivateFile.Write(file, password + "\n", overwrite: true); // before the hash: a crash between the two must not lock everybody out
            LogPasswordMade(logger, DefaultName, file);
            return _hasher.HashPassword(this, password);
        });
    }

    public string Name { get; }

    /// <summary>Takes as long for an unknown name as for a known one.</summary>
    public bool Verify(string user, string password)
    {
        bool rightName = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(user)), SHA256.HashData(Encoding.UTF8.GetBytes(Name)));
        bool rightPassword = _hasher.VerifyHashedPassword(this, _hash, password) != PasswordVerificationResult.Failed;
        return rightName & rightPassword;
    }

    [LoggerMessage(4010, LogLevel.Warning, "No administrator is configured. A password for '{User}' was made and written to {File}: read it, then delete the file")]
    private static partial void LogPasswordMade(ILogger logger, string user, string file);
}
