using System.ComponentModel.DataAnnotations;

namespace RPort.Gateway.Operations;

/// <summary>How the gateway is watched. Bound from <c>Operations</c>.</summary>
internal sealed class OperationsOptions : IValidatableObject
{
    public const string Section = "Operations";

    /// <summary>True: one JSON object per log line instead of text.</summary>
    public bool JsonLogs { get; set; }

    /// <summary>Address of an OpenTelemetry collector (OTLP over gRPC), such as http://127.0.0.1:4317; empty sends nothing.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>True: GET /metrics answers without credentials, for scrapers that have none.</summary>
    public bool AnonymousMetrics { get; set; }

    /// <summary>True: the API is described at /swagger.</summary>
    public bool Swagger { get; set; } = true;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint.Length > 0 && !Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out _))
        {
            yield return new ValidationResult($"{Section}:{nameof(OtlpEndpoint)} ({OtlpEndpoint}) is no absolute address.");
        }
    }
}
