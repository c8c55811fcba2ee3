package dev.ninepin.fuse.lib;

import jnr.ffi.Struct;
import jnr.ffi.annotations.Delegate;

/**
 * {@code struct fuse_lowlevel_ops} of libfuse 2.9's fuse_lowlevel.h: the callbacks, in the struct's order. libfuse
 * answers ENOSYS for a callback that is 0. The kernel mostly remembers that answer, and for locks it then handles them
 * locally.
 *
 * <p>The first argument of every callback is the request that it must reply to. Nodes, handles, offsets, sizes, and the
 * addresses of names and structs are longs. Names end with a NUL and are valid until the callback returns.
 */
public final class LowLevelOps extends Struct {
    public final Function<Init> init = function(Init.class);
    final Pointer destroy = new Pointer();

    /** request, parent, name. */
    public final Function<Three> lookup = function(Three.class);

    /** request, node, lookups. */
    public final Function<Three> forget = function(Three.class);

    /** request, node, info or 0. */
    public final Function<Three> getattr = function(Three.class);

    public final Function<Setattr> setattr = function(Setattr.class);

    /** request, node. */
    public final Function<Two> readlink = function(Two.class);

    public final Function<Mknod> mknod = function(Mknod.class);
    public final Function<Mkdir> mkdir = function(Mkdir.class);

    /** request, parent, name. */
    public final Function<Three> unlink = function(Three.class);

    /** request, parent, name. */
    public final Function<Three> rmdir = function(Three.class);

    /** request, target, parent, name. */
    public final Function<Four> symlink = function(Four.class);

    /** request, parent, name, new parent, new name. */
    public final Function<Five> rename = function(Five.class);

    /** request, node, new parent, new name. */
    public final Function<Four> link = function(Four.class);

    /** request, node, info. */
    public final Function<Three> open = function(Three.class);

    /** request, node, size, offset, info. */
    public final Function<Five> read = function(Five.class);

    /** request, node, data, size, offset, info. */
    public final Function<Six> write = function(Six.class);

    /** request, node, info. */
    public final Function<Three> flush = function(Three.class);

    /** request, node, info. */
    public final Function<Three> release = function(Three.class);

    public final Function<Fsync> fsync = function(Fsync.class);

    /** request, node, info. */
    public final Function<Three> opendir = function(Three.class);

    /** request, node, size, offset, info. */
    public final Function<Five> readdir = function(Five.class);

    /** request, node, info. */
    public final Function<Three> releasedir = function(Three.class);

    public final Function<Fsync> fsyncdir = function(Fsync.class);

    /** request, node. */
    public final Function<Two> statfs = function(Two.class);

    public final Function<Setxattr> setxattr = function(Setxattr.class);

    /** request, node, name, size. */
    public final Function<Four> getxattr = function(Four.class);

    /** request, node, size. */
    public final Function<Three> listxattr = function(Three.class);

    /** request, node, name. */
    public final Function<Three> removexattr = function(Three.class);

    public final Function<Access> access = function(Access.class);
    public final Function<Create> create = function(Create.class);

    /** request, node, info, lock. */
    public final Function<Four> getlk = function(Four.class);

    public final Function<Setlk> setlk = function(Setlk.class);
    final Pointer bmap = new Pointer();
    final Pointer ioctl = new Pointer();
    final Pointer poll = new Pointer();
    final Pointer writeBuf = new Pointer();
    final Pointer retrieveReply = new Pointer();

    /** request, count, array of (node, lookups). */
    public final Function<Three> forgetMulti = function(Three.class);

    public final Function<Flock> flock = function(Flock.class);
    final Pointer fallocate = new Pointer();

    public LowLevelOps() {
        super(Native.RUNTIME);
    }

    /** The callback that negotiates the connection with the kernel. */
    public interface Init {
        @Delegate
        void call(long userData, long connection);
    }

    /** A callback that takes two longs. */
    public interface Two {
        @Delegate
        void call(long request, long a);
    }

    /** A callback that takes three longs. */
    public interface Three {
        @Delegate
        void call(long request, long a, long b);
    }

    /** A callback that takes four longs. */
    public interface Four {
        @Delegate
        void call(long request, long a, long b, long c);
    }

    /** A callback that takes five longs. */
    public interface Five {
        @Delegate
        void call(long request, long a, long b, long c, long d);
    }

    /** A callback that takes six longs. */
    public interface Six {
        @Delegate
        void call(long request, long a, long b, long c, long d, long e);
    }

    /** The callback that changes attributes. {@code which} has a bit for each attribute to change. */
    public interface Setattr {
        @Delegate
        void call(long request, long node, long stat, int which, long info);
    }

    /** The callback that creates a file of any type except a directory or a symbolic link. */
    public interface Mknod {
        @Delegate
        void call(long request, long parent, long name, int mode, long rdev);
    }

    /** The callback that creates a directory. */
    public interface Mkdir {
        @Delegate
        void call(long request, long parent, long name, int mode);
    }

    /** The callback that writes a file or directory to stable storage, as fsync(2) does. */
    public interface Fsync {
        @Delegate
        void call(long request, long node, int dataOnly, long info);
    }

    /** The callback that sets an extended attribute. */
    public interface Setxattr {
        @Delegate
        void call(long request, long node, long name, long value, long size, int flags);
    }

    /** The callback that checks access as access(2) does. */
    public interface Access {
        @Delegate
        void call(long request, long node, int mask);
    }

    /** The callback that sets a lock as fcntl(2) does: with F_SETLKW if {@code sleep} is not 0, else with F_SETLK. */
    public interface Setlk {
        @Delegate
        void call(long request, long node, long info, long lock, int sleep);
    }

    /** The callback that locks a whole file as flock(2) does. */
    public interface Flock {
        @Delegate
        void call(long request, long node, long info, int operation);
    }

    /** The callback that creates a regular file and opens it. */
    public interface Create {
        @Delegate
        void call(long request, long parent, long name, int mode, long info);
    }

    /** The function passed to {@link LibFuse#fuse_req_interrupt_func}. */
    public interface Interrupt {
        @Delegate
        void call(long request, long token);
    }
}
