package dev.ninepin.share.path;

/**
 * The locks that keep a file's extended attributes from being read while a program on this mount changes them: servers
 * first determine the size of a value, and then read it. Reads take the lock shared, and a change takes it exclusively.
 */
public final class XattrLocks extends StripedLocks {}
