// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Set;
import org.vfio4j.uapi.Errno;

/** The {@link ReferenceModel} expects a call to be refused; several errnos where the specification leaves the order open. */
final class ReferenceRefusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial")
    final Set<Errno> errnos;

    ReferenceRefusal(Errno... errnos) {
        super("", null, false, false);
        this.errnos = Set.of(errnos);
    }
}
