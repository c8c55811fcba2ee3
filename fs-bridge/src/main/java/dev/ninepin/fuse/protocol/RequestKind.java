package dev.ninepin.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * The kinds of requests that need handling beyond libfuse 2.9, which knows the kernel's protocol only up to version
 * 7.19.
 *
 * <p>Each newer request that Ninepin serves has the form of an older one, and is rewritten into that before libfuse
 * gets it. So libfuse decodes it and handles its interrupts and its reply, as for any other request. This kind keeps
 * the difference; the callback finds it in its {@code Worker}. The kind also keeps newer flags of older requests, which
 * libfuse drops.
 *
 * <p>libfuse answers all other new requests with ENOSYS. The kernel remembers this and does without: for LSEEK, a file
 * is data up to its end; for COPY_FILE_RANGE, the kernel copies by reading and writing. Opcodes and structs are those
 * of the kernel's {@code include/uapi/linux/fuse.h}, in the machine's byte order.
 */
public enum RequestKind {
    /** A request that libfuse can handle unchanged. */
    KNOWN,

    /** INIT: the kernel negotiates the connection. */
    INIT,

    /** RENAME2 with RENAME_NOREPLACE, rewritten as RENAME: the new name must not exist. */
    RENAME_WITHOUT_REPLACING,

    /** RENAME2 with other flags, rewritten as RENAME. */
    RENAME_OTHERWISE,

    /** READDIRPLUS, rewritten as READDIR: each entry must carry the result of its LOOKUP. */
    READ_DIRECTORY_PLUS,

    /** TMPFILE, rewritten as CREATE: the new file has no name; the name in the request is to be ignored. */
    CREATE_UNNAMED,

    /** NOTIFY_REPLY: the contents of the kernel's pages that {@code Notifications} asked for. It has no reply. */
    PAGES,

    /**
     * A SETATTR or WRITE that must clear the file's set-ID bits (HANDLE_KILLPRIV_V2). libfuse drops the flag that says
     * so.
     */
    LOSING_SET_ID,

    /** A READ whose data the kernel passes to a program without caching it. libfuse drops the flag that says so. */
    READ_WITHOUT_PAGES;

    /** The offset of the opcode in {@code struct fuse_in_header}. */
    static final int OPCODE = 4;

    /** The size of {@code struct fuse_in_header} in bytes; the request's own struct follows it. */
    public static final int HEADER = 40;

    private static final int OPCODE_SETATTR = 4;
    private static final int OPCODE_RENAME = 12;
    private static final int OPCODE_READ = 15;
    private static final int OPCODE_WRITE = 16;
    private static final int OPCODE_INIT = 26;
    private static final int OPCODE_READDIR = 28;
    private static final int OPCODE_CREATE = 35;
    private static final int OPCODE_NOTIFY_REPLY = 41;
    private static final int OPCODE_READDIRPLUS = 44;
    private static final int OPCODE_RENAME2 = 45;
    private static final int OPCODE_TMPFILE = 51;

    /** The offset of the flags in {@code struct fuse_rename2_in}: newdir[8] flags[4] padding[4]. */
    private static final int RENAME2_FLAGS = HEADER + 8;

    /** The bytes by which {@code struct fuse_rename2_in} is longer than {@code struct fuse_rename_in}: newdir[8]. */
    private static final int RENAME2_SURPLUS = 8;

    private static final int RENAME_NOREPLACE = 1;

    /** The offset of {@code valid}, the bits of the attributes to change, in {@code struct fuse_setattr_in}. */
    private static final int SETATTR_VALID = HEADER;

    private static final int FATTR_KILL_SUIDGID = 1 << 11;

    /** The offset of the flags in {@code struct fuse_write_in}: fh[8] offset[8] size[4] write_flags[4] … */
    private static final int WRITE_FLAGS = HEADER + 20;

    private static final int WRITE_KILL_SUIDGID = 1 << 2;

    /** The offset of the flags in {@code struct fuse_read_in}: fh[8] offset[8] size[4] read_flags[4] … */
    private static final int READ_FLAGS = HEADER + 20;

    /**
     * FUSE_READ_LOCKOWNER: the kernel names a lock owner only if a read bypasses the page cache ({@code
     * fs/fuse/file.c}).
     */
    private static final int READ_LOCKOWNER = 1 << 1;

    /** Returns the kind of the request at the start of {@code request}. */
    public static RequestKind of(final ByteBuffer request) {
        return switch (request.getInt(OPCODE)) {
            case OPCODE_INIT -> INIT;
            case OPCODE_RENAME2 ->
                request.getInt(RENAME2_FLAGS) == RENAME_NOREPLACE ? RENAME_WITHOUT_REPLACING : RENAME_OTHERWISE;
            case OPCODE_NOTIFY_REPLY -> PAGES;
            case OPCODE_READDIRPLUS -> READ_DIRECTORY_PLUS;
            case OPCODE_TMPFILE -> CREATE_UNNAMED;
            case OPCODE_SETATTR -> kindByFlag(request, SETATTR_VALID, FATTR_KILL_SUIDGID, LOSING_SET_ID);
            case OPCODE_WRITE -> kindByFlag(request, WRITE_FLAGS, WRITE_KILL_SUIDGID, LOSING_SET_ID);
            case OPCODE_READ -> kindByFlag(request, READ_FLAGS, READ_LOCKOWNER, READ_WITHOUT_PAGES);
            default -> KNOWN;
        };
    }

    private static RequestKind kindByFlag(
            final ByteBuffer request, final int offset, final int flag, final RequestKind flagged) {
        return (request.getInt(offset) & flag) == 0 ? KNOWN : flagged;
    }

    /**
     * Rewrites {@code request}, which must be of this kind, into one that libfuse knows. Returns the offset at which
     * the rewritten request begins.
     */
    public int rewrite(final ByteBuffer request) {
        switch (this) {
            case RENAME_WITHOUT_REPLACING, RENAME_OTHERWISE -> {
                request.putInt(OPCODE, OPCODE_RENAME);
                // The names stay in place; the header and newdir move up to them.
                final byte[] start = new byte[HEADER + Long.BYTES];
                request.get(0, start).put(RENAME2_SURPLUS, start);
                request.putInt(RENAME2_SURPLUS, request.getInt(0) - RENAME2_SURPLUS);
                return RENAME2_SURPLUS;
            }
            case READ_DIRECTORY_PLUS -> request.putInt(OPCODE, OPCODE_READDIR);
            case CREATE_UNNAMED -> request.putInt(OPCODE, OPCODE_CREATE);
            case KNOWN, INIT, PAGES, LOSING_SET_ID, READ_WITHOUT_PAGES -> {}
        }
        return 0;
    }
}
