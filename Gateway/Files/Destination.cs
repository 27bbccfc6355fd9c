using RPort.Gateway.Errors;

namespace RPort.Gateway.Files;

/// <summary>Judges where a file is to go, whatever way the path is written.</summary>
internal static class Destination
{
    private const int MaxLength = 4096;
    private static readonly string[] AlwaysDenied = ["/proc/", "/sys/", "/dev/", "/run/"];

    /// <summary>What is wrong with the destination, or null.</summary>
    public static ApiFailure? Check(string destination, IEnumerable<string> denied)
    {
        if (destination.Length == 0)
        {
            return ApiFailure.BadRequest("empty destination file path");
        }

        if (destination.Length > MaxLength || destination.Any(char.IsControl))
        {
            return ApiFailure.BadRequest("invalid destination file path", $"at most {MaxLength} characters, none of them control characters");
        }

        bool windows = IsWindows(destination);
        if (!windows && destination[0] != '/')
        {
            return ApiFailure.BadRequest("destination file path must be absolute");
        }

        if (destination[^1] is '/' || (windows && destination[^1] is '\\'))
        {
            return ApiFailure.BadRequest("destination file path must name a file", "it ends like a folder");
        }

        if (windows)
        {
            return null; // the denied folders are those of Unix kernels
        }

        string clean = Clean(destination);
        string? hit = AlwaysDenied.Concat(denied).FirstOrDefault(folder => (clean + "/").StartsWith(WithSlash(folder), StringComparison.Ordinal));
        return hit is null ? null : ApiFailure.BadRequest("upload denied", $"uploads to {WithSlash(hit)} are forbidden", "BAD_DESTINATION");
    }

    /// <summary>The path without empty, <c>.</c> and <c>..</c> parts.</summary>
    public static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    private static bool IsWindows(string path) =>
        (path.Length > 2 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] is '\\' or '/') || path.StartsWith(@"\\", StringComparison.Ordinal);

    private static string WithSlash(string folder) => folder.EndsWith('/') ? folder : folder + "/";
}
