using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RPort.Silo.Hosting;

/// <summary>Where a silo's own program answers whether it is well. Bound from <c>Health</c>.</summary>
public sealed class HealthOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Health";

    /// <summary>Address of the health endpoints.</summary>
    [Description("Address of /health/live and /health/ready.")]
    [Required, Url]
    public string Url { get; set; } = "http://127.0.0.1:8081";
}
