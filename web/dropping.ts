// web: files that are dropped anywhere on the page.
import { byId } from './views.js';

export function listenToDrops(take: (files: readonly File[]) => void): void {
  const drop = byId('drop');
  window.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  window.addEventListener('dragleave', (event) => event.relatedTarget === null && drop.classList.remove('over'));
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    take(Array.from(event.dataTransfer?.files ?? []));
  });
}
