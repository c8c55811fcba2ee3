package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The process that runs a guest: QEMU, or user-mode Linux. The process ends with this JVM, even if this JVM is killed.
 * The kernel kills it when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG). So this thread waits for the
 * process.
 */
final class GuestMachine implements AutoCloseable {
    /**
     * Software emulation in one thread. With one thread per processor, QEMU may translate code while another thread
     * patches that code, and then translate half of the patch. A JVM, which patches the entries of its methods at any
     * time, then crashes at such an entry.
     */
    private static final String ONE_THREAD = "tcg,thread=single";

    private final CompletableFuture<Process> started = new CompletableFuture<>();
    private final Thread owner;

    private GuestMachine(final ProcessBuilder builder) {
        owner = new Thread(() -> run(builder), "ninepin-guest");
        owner.setDaemon(true);
    }

    /**
     * Starts QEMU.
     *
     * @param arguments the arguments of QEMU without the accelerator, which is software emulation unless {@code
     *     NINEPIN_GUEST_ACCEL} names another
     * @param errors the file for QEMU's messages
     */
    static GuestMachine qemu(final List<String> arguments, final Path errors) {
        final List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-accel"));
        command.add(System.getenv().getOrDefault("NINEPIN_GUEST_ACCEL", ONE_THREAD));
        command.addAll(arguments);
        return start(command, Map.of(), ProcessBuilder.Redirect.to(errors.toFile()));
    }

    /**
     * Starts {@code command}.
     *
     * @param environment variables in addition to the environment of this JVM
     */
    static GuestMachine start(
            final List<String> command, final Map<String, String> environment, final ProcessBuilder.Redirect errors) {
        final List<String> whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
        whole.addAll(command);
        final ProcessBuilder builder = new ProcessBuilder(whole).redirectError(errors);
        builder.environment().putAll(environment);
        final GuestMachine machine = new GuestMachine(builder);
        machine.owner.start();
        return machine;
    }

    /** Returns the process, whose standard input and output are the agent's port. Blocks until it has started. */
    Process process() throws IOException {
        try {
            return started.get();
        } catch (final ExecutionException e) {
            throw new IOException(
                    "the guest's machine can't be started: " + e.getCause().getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the guest's machine was started", e);
        }
    }

    /**
     * Blocks until the guest has powered the machine off.
     *
     * @throws IOException if the machine still runs after {@code limit}
     */
    void awaitEnd(final Duration limit) throws IOException, InterruptedException {
        if (!process().waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the guest has not powered off in " + limit.toSeconds() + " s");
        }
    }

    /** Kills the process, and returns when it has ended. */
    @Override
    public void close() throws InterruptedException {
        final CompletableFuture<Process> unused = started.thenApply(Process::destroyForcibly);
        owner.join();
    }

    private void run(final ProcessBuilder builder) {
        try {
            final Process process = builder.start();
            started.complete(process);
            final int unused = process.waitFor();
        } catch (final IOException e) {
            started.completeExceptionally(e);
        } catch (final InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }
}
