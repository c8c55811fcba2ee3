package dev.ninepin.p9;

/** The lock types in {@link Tlock} and {@link Tgetlock}. */
public final class LockType {
    public static final int RDLCK = 0;
    public static final int WRLCK = 1;
    public static final int UNLCK = 2;

    private LockType() {}
}
