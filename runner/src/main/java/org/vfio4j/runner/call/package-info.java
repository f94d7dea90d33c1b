// SPDX-License-Identifier: Apache-2.0
/** What each intercepted system call does: {@link org.vfio4j.runner.call.CallTable} says which class decides which. */
package org.vfio4j.runner.call;
