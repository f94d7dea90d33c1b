// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import org.vfio4j.ProgramExit;
import org.vfio4j.ProgramOptions;
import org.vfio4j.ProgramRunner;
import org.vfio4j.Vfio;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Runs programs by intercepting their system calls with seccomp. Linux on x86-64. */
public final class SeccompRunner implements ProgramRunner {
    /** Made by {@link java.util.ServiceLoader}. */
    public SeccompRunner() {}

    @Override
    public ProgramExit run(Vfio vfio, ProgramOptions options) throws InterruptedException {
        if (options.command().isEmpty()) {
            throw new VfioException(Errno.EINVAL, "no program is given");
        }
        try (var run = new ProgramRun(vfio, options.trace(), options.sys())) {
            int code;
            // From before the start: the program may be seen to run before anything else is done here.
            try (var relay = new SignalRelay()) {
                Process program = run.start(new ProcessBuilder(options.command()).inheritIO());
                relay.passTo(program);
                code = waitFor(program);
            }
            return new ProgramExit(code, run.lastRefusal());
        }
    }

    private static int waitFor(Process program) throws InterruptedException {
        try {
            return program.waitFor();
        } catch (InterruptedException e) {
            program.destroyForcibly();
            throw e;
        }
    }
}
