namespace RPort.Agent.Configuration;

/// <summary>Reads a secret that lives in a file of its own.</summary>
internal static class SecretFile
{
    private const int MaxBytes = 4096;

    /// <summary>The first line, or null where the file cannot be used; why is in <paramref name="errors"/>.</summary>
    public static string? Read(string path, ICollection<string> errors, ICollection<string> warnings)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                UnixFileMode mode = File.GetUnixFileMode(path);
                if ((mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
                {
                    errors.Add($"Client:AuthFile = \"{path}\": everybody on this machine may read or write it; chmod 600 it");
                    return null;
                }

                if ((mode & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite)) != 0)
                {
                    warnings.Add($"Client:AuthFile = \"{path}\": its group may read or write it");
                }
            }

            if (new FileInfo(path).Length > MaxBytes)
            {
                errors.Add($"Client:AuthFile = \"{path}\": larger than {MaxBytes} bytes");
                return null;
            }

            return File.ReadLines(path).FirstOrDefault()?.Trim() ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"Client:AuthFile = \"{path}\": cannot be read: {error.Message}");
            return null;
        }
    }

    /// <summary>Who besides the owner may read the file: <c>everybody</c>, or nothing. Windows answers nothing: its lists are not looked at.</summary>
    public static string Readers(string path)
    {
        try
        {
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0 ? "everybody" : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // it was readable a moment ago; reading it again would say the same
        }
    }
}
