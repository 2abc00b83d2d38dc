namespace Relay.Storage;

/// <summary>Another writer was first in the same instant, as a row count told.
/// The work is run again and finds what the other wrote.</summary>
internal sealed class LostRaceException(string what) : Exception(what);
