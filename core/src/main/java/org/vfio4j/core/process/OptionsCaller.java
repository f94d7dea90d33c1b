// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import org.vfio4j.ProcessOptions;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;

/** A caller whose credentials and limits are options somebody gave it. */
public interface OptionsCaller extends Caller {
    /** What they are now; asked at call time. */
    ProcessOptions options();

    @Override
    default boolean capable(Capability capability) {
        return options().capabilities().contains(capability);
    }

    @Override
    default long memlockLimit() {
        return options().memlockLimit();
    }

    @Override
    default int uid() {
        return options().uid();
    }
}
