package dev.ninepin.locks;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** A Java agent that installs {@link LockCalls} in this JVM, which requires {@code jdk.attach.allowAttachSelf}. */
public final class LockAgent {
    private LockAgent() {}

    static void install() throws IOException {
        final Path jar = Files.createTempFile("lock-agent", ".jar");
        try {
            final Manifest manifest = new Manifest();
            final Attributes main = manifest.getMainAttributes();
            main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
            main.putValue("Agent-Class", LockAgent.class.getName());
            main.putValue("Can-Retransform-Classes", "true");
            try (OutputStream out = Files.newOutputStream(jar)) {
                new JarOutputStream(out, manifest).close();
            }
            final VirtualMachine self =
                    VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
            try {
                self.loadAgent(jar.toString());
            } finally {
                self.detach();
            }
        } catch (final AttachNotSupportedException | AgentLoadException | AgentInitializationException e) {
            throw new IOException("the locks cannot be watched", e);
        } finally {
            Files.deleteIfExists(jar);
        }
    }

    /** Called by the JVM. */
    public static void agentmain(final String arguments, final Instrumentation instrumentation)
            throws UnmodifiableClassException {
        instrumentation.addTransformer(new LockCalls(), true);
        final Class<?>[] loaded = Arrays.stream(instrumentation.getAllLoadedClasses())
                .filter(each -> each.getName().startsWith("dev.ninepin.") && instrumentation.isModifiableClass(each))
                .filter(each -> !each.getName().startsWith("dev.ninepin.locks."))
                .toArray(Class<?>[]::new);
        instrumentation.retransformClasses(loaded);
    }
}
