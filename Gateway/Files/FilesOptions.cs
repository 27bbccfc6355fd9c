using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RPort.Gateway.Files;

/// <summary>What file pushes may be. Bound from <c>Files</c>.</summary>
internal sealed class FilesOptions : IValidatableObject
{
    public const string Section = "Files";

    [Description("Largest file that can be pushed, in bytes; larger ones are refused (413). May be many GiB.")]
    [Range(0, long.MaxValue / 2)]
    public long MaxFilePushSize { get; set; } = 10 * 1024 * 1024;

    [Description("Destination folders no push may touch, besides /proc/, /sys/, /dev/ and /run/.")]
    public string[] DeniedDestinations { get; set; } = [];

    [Description("How long a push without 'expires' goes on for clients that lose their connection; clients that are offline at its start fail at once.")]
    public TimeSpan DefaultExpiry { get; set; } = TimeSpan.FromHours(24);

    [Description("Longest time 'expires' may ask for.")]
    public TimeSpan LongestExpiry { get; set; } = TimeSpan.FromDays(30);

    [Description("How long the file of a push with failed clients is kept for a retry.")]
    public TimeSpan RetryWindow { get; set; } = TimeSpan.FromHours(24);

    [Description("Events that wait for one slow listener of the upload feed before it is dropped.")]
    [Range(1, 1_000_000)]
    public int FeedQueue { get; set; } = 10_000;

    [Description("Listeners of the upload feed at a time; the next is answered 503.")]
    [Range(1, 100_000)]
    public int MaxFeedListeners { get; set; } = 1000;

    [Description("True: a page to watch the upload feed by hand is served at /api/v1/test/uploads/ui.")]
    public bool EnableTestPage { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DefaultExpiry <= TimeSpan.Zero || LongestExpiry < DefaultExpiry)
        {
            yield return new ValidationResult($"{Section}:{nameof(DefaultExpiry)} ({DefaultExpiry}) must be positive and not longer than {nameof(LongestExpiry)} ({LongestExpiry}).");
        }

        if (RetryWindow < TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(RetryWindow)} ({RetryWindow}) must not be negative.");
        }

        foreach (string folder in DeniedDestinations.Where(d => !d.StartsWith('/')))
        {
            yield return new ValidationResult($"{Section}:{nameof(DeniedDestinations)}: '{folder}' must begin with a slash.");
        }
    }
}
