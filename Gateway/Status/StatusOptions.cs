using System.ComponentModel.DataAnnotations;

namespace RPort.Gateway.Status;

/// <summary>What the server says of itself. Bound from <c>Server</c>.</summary>
internal sealed class StatusOptions : IValidatableObject
{
    public const string Section = "Server";

    /// <summary>Addresses agents are told to connect to, such as https://rport.example.com. Empty: http:// and the agent port's address.</summary>
    public string[] ConnectUrls { get; set; } = [];

    /// <summary>Address of a pairing service, shown to web pages.</summary>
    public string PairingUrl { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (string url in ConnectUrls.Append(PairingUrl).Where(u => u.Length > 0 && !Uri.TryCreate(u, UriKind.Absolute, out _)))
        {
            yield return new ValidationResult($"{Section}: '{url}' is no absolute address.");
        }
    }
}
