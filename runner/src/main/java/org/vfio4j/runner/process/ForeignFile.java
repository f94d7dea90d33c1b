// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A file of the program that is none of the machine's: found, and of the wrong kind for everything.
 *
 * @param name what the kernel calls it
 */
record ForeignFile(String name) implements UapiFile {
    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, name + " has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public void close() {
        // It is the program's.
    }
}
