using System.Globalization;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files.Form;

/// <summary>The fields of a push, each of its type and checked by itself.</summary>
internal sealed record PushFields
{
    private static readonly string[] Repeatable = ["client_id", "group_id", "tags"];
    private static readonly string[] Known = ["dest", "id", "force", "sync", "lenient", "mode", "user", "group", "max_concurrent", "sha256", "expires"];

    public required UploadId? Id { get; init; }
    public required IReadOnlyList<string> ClientIds { get; init; }
    public required IReadOnlyList<string> GroupIds { get; init; }
    public required TagSelection? Tags { get; init; }
    public required string Destination { get; init; }
    public required bool Force { get; init; }
    public required bool Sync { get; init; }
    public required bool Lenient { get; init; }
    public required int? Mode { get; init; }
    public required string Owner { get; init; }
    public required string Group { get; init; }
    public required int MaxConcurrent { get; init; }
    public required byte[]? Sha256 { get; init; }

    /// <summary>When clients that are offline are given up; null where they are to fail at once.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The fields of this form, or an <see cref="ApiFailureException"/> (400).</summary>
    public static PushFields From(PushForm form, FilesOptions options, DateTimeOffset now)
    {
        CheckNames(form);
        return Read(form, options, now);
    }

    private static PushFields Read(PushForm form, FilesOptions options, DateTimeOffset now) => new()
    {
        Id = ReadId(form.First("id")),
        ClientIds = [.. form.All("client_id").Distinct(StringComparer.Ordinal)],
        GroupIds = [.. form.All("group_id").Distinct(StringComparer.Ordinal)],
        Tags = ReadTags(form.All("tags")),
        Destination = Checked(form.First("dest"), options),
        Force = ReadBool(form, "force"),
        Sync = ReadBool(form, "sync"),
        Lenient = ReadBool(form, "lenient"),
        Mode = ReadMode(form.First("mode")),
        Owner = ReadName(form, "user"),
        Group = ReadName(form, "group"),
        MaxConcurrent = ReadMaxConcurrent(form.First("max_concurrent")),
        Sha256 = ReadSha256(form.First("sha256")),
        ExpiresAt = Expiry.Read(form.First("expires"), now, options.LongestExpiry),
    };

    /// <summary>A misspelt field would be a push other than the one that was meant, and so would a second destination.</summary>
    private static void CheckNames(PushForm form)
    {
        foreach ((string name, int count) in form.Names)
        {
            if (!Known.Contains(name) && !Repeatable.Contains(name))
            {
                throw Bad($"unknown field {Shown(name)}", $"known are upload, {string.Join(", ", Repeatable.Concat(Known))}");
            }

            if (count > 1 && Known.Contains(name))
            {
                throw Bad($"field {name} is given more than once");
            }
        }
    }

    private static UploadId? ReadId(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        return UploadId.TryParse(text, null, out UploadId id)
            ? id
            : throw Bad("invalid id", $"1 to {UploadId.MaxLength} characters of A-Z a-z 0-9 . _ -, not starting with a dot");
    }

    private static TagSelection? ReadTags(IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        if (values.Count > 1)
        {
            throw Bad("tags form value must only contain a single element");
        }

        TagSelection tags = JsonBody.Parse<TagSelection>(System.Text.Encoding.UTF8.GetBytes(values[0]));
        return tags.Operator is null or "" or "AND" or "OR" ? tags : throw Bad("invalid tags operator", "AND or OR is expected");
    }

    private static string Checked(string destination, FilesOptions options) =>
        Files.Destination.Check(destination, options.DeniedDestinations) is { } failure ? throw new ApiFailureException(failure) : destination;

    private static bool ReadBool(PushForm form, string field)
    {
        string text = form.First(field);
        return text.Length > 0
            && (GoText.TryReadBool(text, out bool value) ? value : throw Bad($"failed to parse {field} value {Shown(text)}", "true or false is expected"));
    }

    private static int? ReadMode(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        int mode = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 5)
            {
                throw Bad($"failed to parse file mode value {Shown(text)}", "an octal number such as 0644 is expected");
            }

            mode = (mode * 8) + (digit - '0');
        }

        return mode <= 0xFFF ? mode : throw Bad($"failed to parse file mode value {Shown(text)}", "the largest mode is 7777");
    }

    private static string ReadName(PushForm form, string field)
    {
        string name = form.First(field);
        return name.Length <= 256 && !name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is ':' or '/') && !name.StartsWith('-')
            ? name
            : throw Bad($"invalid {field}", "the name of an account is expected");
    }

    private static int ReadMaxConcurrent(string text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Bad($"failed to parse max_concurrent value {Shown(text)}", "a number is expected; 0 sets no bound");
    }

    private static byte[]? ReadSha256(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        byte[] hash = new byte[32];
        bool read = text.Length == 64
            ? Convert.FromHexString(text, hash, out _, out int written) == System.Buffers.OperationStatus.Done && written == 32
            : Convert.TryFromBase64String(text, hash, out int length) && length == 32;
        return read ? hash : throw Bad("invalid sha256", "64 hex digits or base64 of 32 bytes are expected");
    }

    private static string Shown(string value) => value.Length <= 40 ? value : value[..40] + "…";

    private static ApiFailureException Bad(string title, string detail = "") => new(ApiFailure.BadRequest(title, detail));
}

/// <summary>Selects clients by tags: <c>{"tags":["a","b"],"operator":"AND"}</c>.</summary>
internal sealed record TagSelection(IReadOnlyList<string>? Tags = null, string? Operator = null)
{
    /// <summary>True where a client must bear all tags; AND is meant where nothing is said.</summary>
    public bool All => Operator is not "OR";
}
