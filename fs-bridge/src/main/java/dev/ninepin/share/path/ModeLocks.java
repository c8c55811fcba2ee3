package dev.ninepin.share.path;

/**
 * The locks that keep a file's mode from being changed while it gives the owner write permission for one operation
 * ({@code OwnerWrite}). An ordinary change of a mode takes the lock shared.
 */
public final class ModeLocks extends StripedLocks {}
