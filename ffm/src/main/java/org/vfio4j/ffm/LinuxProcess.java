// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** What the kernel says about the calling process. */
public final class LinuxProcess {

    private static final MethodHandle GETPID = SystemCall.bind("getpid", FunctionDescriptor.of(INT));

    private LinuxProcess() {}

    /** The process's number in its own pid namespace; cannot fail. */
    public static int getpid() {
        try {
            return (int) GETPID.invokeExact(captured());
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
