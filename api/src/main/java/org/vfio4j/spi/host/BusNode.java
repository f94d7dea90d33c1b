// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;

/** A character device that a bus itself offers below {@code /dev} (kernel: {@code struct miscdevice}). Thread-safe. */
public interface BusNode {
    /** Its name below {@code /dev}, for example {@code dprc.1}. */
    String name();

    /** Permission bits, for example 0600. */
    int mode();

    /**
     * Opens it.
     *
     * @throws org.vfio4j.uapi.VfioException what its open answers
     */
    UapiFile open(Caller caller);
}
