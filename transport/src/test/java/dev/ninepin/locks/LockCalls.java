package dev.ninepin.locks;

import java.lang.instrument.ClassFileTransformer;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Set;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/**
 * A class transformer that makes the product's classes report to {@link LockWatch}. They report the monitors and {@link
 * java.util.concurrent.locks} that they take and release, and the requests that they send and await.
 */
final class LockCalls implements ClassFileTransformer {
    private static final String WATCH = "dev/ninepin/locks/LockWatch";
    private static final String LOCK_INTERFACE = "java/util/concurrent/locks/Lock";
    private static final Set<String> LOCKS = Set.of(LOCK_INTERFACE, "java/util/concurrent/locks/ReentrantLock");
    private static final String FUTURE = "java/util/concurrent/CompletableFuture";
    private static final Set<String> WAITS = Set.of("get", "join");

    /** The classes that send requests or await their answers, and the methods of each that do so. */
    static final Map<String, Set<String>> ASKING = Map.of(
            "dev/ninepin/session/exchange/Exchange",
            Set.of("call"),
            "dev/ninepin/session/exchange/Call",
            Set.of("await", "awaitEnd"));

    @Override
    public byte[] transform(
            final ClassLoader loader,
            final String name,
            final Class<?> redefined,
            final ProtectionDomain domain,
            final byte[] bytes) {
        if (name == null || !name.startsWith("dev/ninepin/") || !isProduct(domain)) {
            return null;
        }
        return transformed(name, bytes);
    }

    private static boolean isProduct(final ProtectionDomain domain) {
        final CodeSource source = domain == null ? null : domain.getCodeSource();
        final String place = source == null ? "" : source.getLocation().getPath();
        return !place.endsWith("/test-classes/") && !place.endsWith("-tests.jar");
    }

    /** Returns the transformed class. */
    static byte[] transformed(final String name, final byte[] bytes) {
        final ClassReader reader = new ClassReader(bytes);
        final ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        reader.accept(new Calls(writer, name), ClassReader.EXPAND_FRAMES);
        return writer.toByteArray();
    }

    private static final class Calls extends ClassVisitor {
        private final String owner;
        private boolean isAbstract;

        private Calls(final ClassVisitor next, final String owner) {
            super(Opcodes.ASM9, next);
            this.owner = owner;
        }

        @Override
        public void visit(
                final int version,
                final int access,
                final String name,
                final String signature,
                final String superName,
                final String[] interfaces) {
            isAbstract = (access & Opcodes.ACC_ABSTRACT) != 0;
            super.visit(version, access, name, signature, superName, interfaces);
        }

        @Override
        public MethodVisitor visitMethod(
                final int access, final String name, final String type, final String signature, final String[] thrown) {
            final MethodVisitor next = super.visitMethod(access, name, type, signature, thrown);
            final boolean hasCode = (access & (Opcodes.ACC_ABSTRACT | Opcodes.ACC_NATIVE)) == 0;
            final boolean isSynchronized =
                    (access & Opcodes.ACC_SYNCHRONIZED) != 0 && (access & Opcodes.ACC_STATIC) == 0;
            final boolean isOfSubclass = isAbstract && (access & Opcodes.ACC_STATIC) == 0;
            return hasCode
                    ? new Method(
                            next,
                            owner,
                            isOfSubclass,
                            isSynchronized,
                            ASKING.getOrDefault(owner, Set.of()).contains(name))
                    : next;
        }
    }

    private static final class Method extends MethodVisitor {
        private final String owner;

        /** Whether the locks taken belong to the subclass of {@code this}: {@link #owner} is abstract. */
        private final boolean isOfSubclass;

        private final boolean isSynchronized;
        private final boolean asks;

        /**
         * True in classes whose futures are those of answers. In other classes, futures stand for the ends of
         * processes.
         */
        private final boolean waitsForAnswers;

        private final Label begin = new Label();

        private Method(
                final MethodVisitor next,
                final String owner,
                final boolean isOfSubclass,
                final boolean isSynchronized,
                final boolean asks) {
            super(Opcodes.ASM9, next);
            this.owner = owner;
            this.isOfSubclass = isOfSubclass;
            this.isSynchronized = isSynchronized;
            this.asks = asks;
            this.waitsForAnswers = owner.startsWith("dev/ninepin/session/") || owner.startsWith("dev/ninepin/share/");
        }

        @Override
        public void visitCode() {
            super.visitCode();
            if (asks) {
                tell("asking", "()V");
            }
            if (isSynchronized) {
                super.visitVarInsn(Opcodes.ALOAD, 0);
                taking();
                super.visitLabel(begin);
            }
        }

        @Override
        public void visitInsn(final int code) {
            if (code == Opcodes.MONITORENTER) {
                super.visitInsn(Opcodes.DUP);
                taking();
            } else if (code == Opcodes.MONITOREXIT) {
                super.visitInsn(Opcodes.DUP);
                gave();
            } else if (isSynchronized && code >= Opcodes.IRETURN && code <= Opcodes.RETURN) {
                super.visitVarInsn(Opcodes.ALOAD, 0);
                gave();
            }
            super.visitInsn(code);
        }

        @Override
        public void visitMethodInsn(
                final int code,
                final String type,
                final String name,
                final String signature,
                final boolean isInterface) {
            if (LOCKS.contains(type) && name.equals("tryLock")) {
                pushOwner();
                tell(
                        "tryLock",
                        "(L" + LOCK_INTERFACE + ";" + signature.substring(1, signature.length() - 2)
                                + "Ljava/lang/String;)Z");
                return;
            } else if (LOCKS.contains(type) && signature.equals("()V")) {
                if (name.equals("lockInterruptibly")) {
                    pushOwner();
                    tell("lockInterruptibly", "(L" + LOCK_INTERFACE + ";Ljava/lang/String;)V");
                    return;
                } else if (name.equals("lock")) {
                    super.visitInsn(Opcodes.DUP);
                    taking();
                } else if (name.equals("unlock")) {
                    super.visitInsn(Opcodes.DUP);
                    gave();
                }
            } else if (waitsForAnswers && type.equals(FUTURE) && WAITS.contains(name)) {
                tell("asking", "()V");
            }
            super.visitMethodInsn(code, type, name, signature, isInterface);
        }

        /** Adds a handler, because an exception that leaves a synchronized method releases the lock too. */
        @Override
        public void visitMaxs(final int stack, final int locals) {
            if (isSynchronized) {
                final Label end = new Label();
                super.visitLabel(end);
                super.visitTryCatchBlock(begin, end, end, null);
                super.visitFrame(Opcodes.F_NEW, 1, new Object[] {owner}, 1, new Object[] {"java/lang/Throwable"});
                super.visitVarInsn(Opcodes.ALOAD, 0);
                gave();
                super.visitInsn(Opcodes.ATHROW);
            }
            super.visitMaxs(stack, locals);
        }

        private void taking() {
            pushOwner();
            tell("taking", "(Ljava/lang/Object;Ljava/lang/String;)V");
        }

        private void pushOwner() {
            if (isOfSubclass) {
                super.visitVarInsn(Opcodes.ALOAD, 0);
                super.visitMethodInsn(
                        Opcodes.INVOKEVIRTUAL, "java/lang/Object", "getClass", "()Ljava/lang/Class;", false);
                super.visitMethodInsn(
                        Opcodes.INVOKEVIRTUAL, "java/lang/Class", "getName", "()Ljava/lang/String;", false);
            } else {
                super.visitLdcInsn(owner.replace('/', '.'));
            }
        }

        private void gave() {
            tell("gave", "(Ljava/lang/Object;)V");
        }

        private void tell(final String what, final String signature) {
            super.visitMethodInsn(Opcodes.INVOKESTATIC, WATCH, what, signature, false);
        }
    }
}
