// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.wrong;

import java.lang.foreign.Linker;

/** Wrong on purpose: native functions are linked in ffm only. */
public final class HostThatLinks {
    /** A linker nobody but ffm should hold. */
    public Linker linker() {
        return Linker.nativeLinker();
    }
}
